package dev.ramzswap.backing;

import static dev.ramzswap.backing.SegmentTable.NONE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;

/** Which segments are free: a bit for each, and how many. Thread-safe without a lock, but for {@link #next}. */
final class FreeSegments {
    private static final VarHandle WORD = JAVA_LONG.varHandle();

    private final MemorySegment bits;
    private final int segments;
    private final AtomicInteger count = new AtomicInteger();
    private int cursor;

    FreeSegments(int segments, Arena arena) {
        this.segments = segments;
        this.bits = arena.allocate((segments + 63) / 64 * (long) Long.BYTES, Long.BYTES);
    }

    int count() {
        return count.get();
    }

    void add(int segment) {
        long before = (long) WORD.getAndBitwiseOr(bits, offset(segment), 1L << segment);
        if ((before & 1L << segment) == 0) {
            count.getAndIncrement();
        }
    }

    void remove(int segment) {
        long before = (long) WORD.getAndBitwiseAnd(bits, offset(segment), ~(1L << segment));
        if ((before & 1L << segment) != 0) {
            count.getAndDecrement();
        }
    }

    /** The next one after that which this returned last, round about, or {@link SegmentTable#NONE}. */
    int next() {
        int segment = from(cursor);
        if (segment == NONE) {
            segment = from(0);
        }
        cursor = segment + 1;
        return segment;
    }

    /** The first one from a segment on, or {@link SegmentTable#NONE}. */
    int from(int segment) {
        long mask = -1L << segment;
        for (int first = segment & -64; first < segments; first += 64) {
            long word = (long) WORD.getVolatile(bits, offset(first)) & mask;
            if (word != 0) {
                return first + Long.numberOfTrailingZeros(word);
            }
            mask = -1;
        }
        return NONE;
    }

    private static long offset(int segment) {
        return segment / 64 * (long) Long.BYTES;
    }
}
