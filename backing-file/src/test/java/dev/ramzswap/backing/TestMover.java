package dev.ramzswap.backing;

import java.lang.foreign.MemorySegment;
import java.util.function.BiFunction;
import java.util.function.IntSupplier;

/** A mover that does not look at what is live. */
record TestMover(BiFunction<MemorySegment, Long, Result> mover) implements Mover {
    @Override
    public Result move(MemorySegment records, long place, int length, IntSupplier live) {
        return mover.apply(records, place);
    }
}
