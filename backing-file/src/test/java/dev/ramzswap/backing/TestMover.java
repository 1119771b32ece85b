package dev.ramzswap.backing;

import java.lang.foreign.MemorySegment;
import java.util.function.BiFunction;

/** A mover that knows of no hidden record. */
record TestMover(BiFunction<MemorySegment, Long, Result> mover) implements Mover {
    @Override
    public Result move(MemorySegment records, long place, int length) {
        return mover.apply(records, place);
    }

    @Override
    public Result moveHidden(long place, int length) {
        return Result.LATER;
    }
}
