package dev.ramzswap.bench;

/**
 * Counts latencies in nanoseconds, from 0 to about 18 minutes, to within 1 %: a power of two is divided into
 * {@value #STEPS} equal buckets, so recording is a shift and an increment. Not thread-safe.
 */
final class LatencyHistogram {
    private static final int STEP_BITS = 7;
    private static final int STEPS = 1 << STEP_BITS;
    private static final int VALUE_BITS = 40;
    private static final long MAX = (1L << VALUE_BITS) - 1;

    private final long[] counts = new long[bucket(MAX) + 1];

    /** Values below 2 x STEPS have a bucket each; above, the highest STEP_BITS + 1 bits choose it. */
    private static int bucket(long nanos) {
        int shift = Math.max(0, Long.SIZE - 1 - STEP_BITS - Long.numberOfLeadingZeros(nanos));
        return (shift << STEP_BITS) + (int) (nanos >>> shift);
    }

    /** The middle of a bucket. */
    private static double nanosOf(int bucket) {
        int shift = Math.max(0, (bucket >>> STEP_BITS) - 1);
        long low = (long) (bucket - (shift << STEP_BITS)) << shift;
        return low + ((1L << shift) - 1) / 2.0;
    }

    void record(long nanos) {
        counts[bucket(Math.min(Math.max(nanos, 0), MAX))]++;
    }

    void add(LatencyHistogram other) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
        }
    }

    /**
     * The latency that the given share (0 to 1) of all operations did not exceed, in microseconds; 0 if there are none.
     */
    double micros(double share) {
        long total = 0;
        for (long count : counts) {
            total += count;
        }
        long wanted = Math.max(1, (long) Math.ceil(total * share));
        long seen = 0;
        for (int i = 0; i < counts.length; i++) {
            seen += counts[i];
            if (seen >= wanted) {
                return nanosOf(i) / 1000;
            }
        }
        return 0;
    }
}
