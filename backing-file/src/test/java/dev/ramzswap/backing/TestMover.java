package dev.ramzswap.backing;

import java.lang.foreign.MemorySegment;

/** A mover that does not look at what is live. */
record TestMover(Move mover) implements Mover {
    /** What it does instead. */
    interface Move {
        Result move(MemorySegment records, long place, Target target);
    }

    @Override
    public Result move(MemorySegment records, long place, int length, Count count, Target target) {
        return mover.move(records, place, target);
    }
}
