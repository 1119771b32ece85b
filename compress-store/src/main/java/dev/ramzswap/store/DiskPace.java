package dev.ramzswap.store;

/**
 * Whether the backing file's disk has lately been so slow that a page came too late for who had asked: the kernel asks
 * again for what takes longer than its timeout (swapon --request-timeout), and would never have a page that takes as
 * long each time. Thread-safe.
 */
final class DiskPace {
    /** The shortest timeout that there is. */
    private static final long LATE_NANOS = 1_000_000_000L;

    /** More than the longest. */
    private static final long MEMORY_NANOS = 1200 * LATE_NANOS;

    private volatile boolean hasBeenLate;
    private volatile long lastLate;

    /** A page took so long. */
    void took(long nanos) {
        if (nanos >= LATE_NANOS) {
            lastLate = System.nanoTime();
            hasBeenLate = true;
        }
    }

    boolean isSlow() {
        return hasBeenLate && System.nanoTime() - lastLate < MEMORY_NANOS;
    }
}
