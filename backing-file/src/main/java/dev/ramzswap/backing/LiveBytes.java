package dev.ramzswap.backing;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/** Bytes of the records that are live in each segment, padding included, and of its pin if it has one. Lock-free. */
final class LiveBytes {
    /** Of a pin, which keeps a segment from becoming free; a length that a record could have. */
    static final int PIN = 8;

    private static final VarHandle COUNT = JAVA_INT.varHandle();

    private final MemorySegment counts;
    private final int segments;

    LiveBytes(int segments, Arena arena) {
        this.segments = segments;
        this.counts = arena.allocate((long) segments * Integer.BYTES, Integer.BYTES);
    }

    int of(int segment) {
        return (int) COUNT.getVolatile(counts, offset(segment));
    }

    /** Looks at every segment. */
    long sum() {
        long sum = 0;
        for (int segment = 0; segment < segments; segment++) {
            sum += of(segment);
        }
        return sum;
    }

    void add(int segment, int bytes) {
        COUNT.getAndAdd(counts, offset(segment), bytes);
    }

    /**
     * Removes what is live, and nothing if more is to be removed than that.
     *
     * @return whether nothing is live any more, by this call
     */
    boolean remove(int segment, int bytes) {
        int before;
        do {
            before = of(segment);
            if (before < bytes) {
                return false;
            }
        } while (!COUNT.compareAndSet(counts, offset(segment), before, before - bytes));
        return before == bytes;
    }

    /** Adds a pin where anything is live; false where nothing is. */
    boolean pin(int segment) {
        int before;
        do {
            before = of(segment);
            if (before <= 0) {
                return false;
            }
        } while (!COUNT.compareAndSet(counts, offset(segment), before, before + PIN));
        return true;
    }

    private static long offset(int segment) {
        return (long) segment * Integer.BYTES;
    }
}
