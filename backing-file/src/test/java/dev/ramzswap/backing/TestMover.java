package dev.ramzswap.backing;

import java.lang.foreign.MemorySegment;
import java.util.function.IntSupplier;

/** A mover that does not look at what is live. */
record TestMover(Move mover) implements Mover {
    /** What it does instead. */
    interface Move {
        Result move(MemorySegment records, long place, Target target);
    }

    @Override
    public Result move(MemorySegment records, long place, int length, IntSupplier live, Target target) {
        return mover.move(records, place, target);
    }
}
