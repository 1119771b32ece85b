package dev.ramzswap.backing;

/**
 * When each staging buffer may be written, and what came of it until now: a write that failed is tried again after a
 * delay that doubles. Guarded by the lock of {@link Staging}, but for {@link #isFailing}.
 */
final class WriteRetries {
    private static final int MAX_FAILURES = 3;

    private final Delays delays;

    /** {@link System#nanoTime} from which a sealed buffer may be written; the order of sealing for new ones. */
    private final long[] due = new long[Staging.BUFFERS];

    /** 0 for a buffer whose write has not failed. */
    private final long[] delay = new long[Staging.BUFFERS];

    private final int[] failures = new int[Staging.BUFFERS];

    /** How many writes had succeeded when this one failed first. */
    private final long[] successesBefore = new long[Staging.BUFFERS];

    private long successes;
    private volatile int failed;
    private volatile boolean hasLastFailed;

    /** {@link System#nanoTime} of the first write that failed after one that succeeded. */
    private long failingSince;

    WriteRetries(Delays delays) {
        this.delays = delays;
    }

    /** A buffer is to be written. */
    void begin(int buffer) {
        due[buffer] = System.nanoTime();
    }

    long due(int buffer) {
        return due[buffer];
    }

    void succeeded(int buffer) {
        hasLastFailed = false;
        successes++;
        if (hasFailed(buffer)) {
            // The device is back: what failed with it need not wait out its delay.
            long now = System.nanoTime();
            for (int other = 0; other < Staging.BUFFERS; other++) {
                due[other] = Math.min(due[other] - now, 0) + now;
            }
        }
    }

    void failed(int buffer) {
        long now = System.nanoTime();
        if (!hasLastFailed) {
            failingSince = now;
        }
        hasLastFailed = true;
        failures[buffer]++;
        if (hasFailed(buffer)) {
            delay[buffer] = Math.min(2 * delay[buffer], delays.lastRetry());
        } else {
            failed++;
            successesBefore[buffer] = successes;
            delay[buffer] = delays.firstRetry();
        }
        due[buffer] = now + delay[buffer];
    }

    /** A buffer is empty, written or not. */
    void end(int buffer) {
        if (hasFailed(buffer)) {
            failed--;
            delay[buffer] = 0;
            failures[buffer] = 0;
        }
    }

    boolean hasFailed(int buffer) {
        return delay[buffer] != 0;
    }

    boolean hasFailedTooOften(int buffer) {
        return failures[buffer] >= MAX_FAILURES;
    }

    /** Whether others could be written since this one failed first. */
    boolean haveOthersSucceeded(int buffer) {
        return successes > successesBefore[buffer];
    }

    /** Whether the last write has failed, or there are buffers whose write has. */
    boolean isFailing() {
        return hasLastFailed || failed != 0;
    }

    /** For how many nanoseconds no write has succeeded, since one failed; 0 if the last one succeeded. */
    long failingNanos() {
        return hasLastFailed ? Math.max(System.nanoTime() - failingSince, 1) : 0;
    }
}
