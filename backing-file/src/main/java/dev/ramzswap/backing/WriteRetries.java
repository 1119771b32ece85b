package dev.ramzswap.backing;

/**
 * When each staging buffer may be written, and what came of it until now: a write that failed is tried again after a
 * delay that doubles. Guarded by the lock of {@link Staging}, but for {@link #isFailing}.
 *
 * <p>For how long the device fails is known by the writes that have failed, from the first failure to the last
 * beginning, and not by the clock: a write that is under way may yet succeed, however long it takes, and a device that
 * nobody has tried since may be back, as after a reset that ended the last write. So what has failed by the time when
 * the patience with the device ends is tried once more then.
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
    private final long[] successesAtFirst = new long[Staging.BUFFERS];

    /** The same when it failed last: if they are more, it is the segment that is bad, not the device. */
    private final long[] successesAtLast = new long[Staging.BUFFERS];

    /** Whether it has failed so often before that nothing is expected of it. */
    private final boolean[] isHopeless = new boolean[Staging.BUFFERS];

    private long successes;
    private volatile int failed;

    /** {@link System#nanoTime} since when the device as a whole fails, if it does. */
    private long failingSince;

    /**
     * When the last of the writes began that have failed, and tell so; not all end in the order in which they begin.
     */
    private long lastTry = System.nanoTime();

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
        if (hasFailed(buffer)) {
            succeeded();
        } else {
            successes++;
        }
    }

    /** The device works, or is back: what failed with it need not wait out its delay. */
    void succeeded() {
        successes++;
        long now = System.nanoTime();
        for (int buffer = 0; buffer < Staging.BUFFERS; buffer++) {
            due[buffer] = Math.min(due[buffer] - now, 0) + now;
        }
    }

    /** @param begin when the write began that failed */
    void failed(int buffer, long begin) {
        long now = System.nanoTime();
        boolean wasFailing = isDeviceFailing();
        failures[buffer]++;
        if (hasFailed(buffer)) {
            delay[buffer] = Math.min(2 * delay[buffer], delays.lastRetry());
        } else {
            failed++;
            successesAtFirst[buffer] = successes;
            delay[buffer] = delays.firstRetry();
        }
        due[buffer] = now + delay[buffer];
        successesAtLast[buffer] = successes;
        if (!wasFailing) {
            failingSince = now;
        }
        if (!isAlone(buffer) || haveMostFailedAgain()) {
            deviceFailed(buffer, begin, now);
        }
    }

    private void deviceFailed(int buffer, long begin, long now) {
        lastTry += Math.max(begin - lastTry, 0);
        if (failingNanos() < delays.patience()) {
            long left = Math.max(failingSince + delays.patience() - now, 0);
            due[buffer] = now + Math.min(delay[buffer], left);
        }
    }

    /** A buffer that has failed too often is to be tried again all the same. */
    void reprieve(int buffer) {
        failures[buffer] = 0;
        isHopeless[buffer] = true;
    }

    /** A buffer is empty, written or not. */
    void end(int buffer) {
        if (hasFailed(buffer)) {
            failed--;
            delay[buffer] = 0;
            failures[buffer] = 0;
        }
        isHopeless[buffer] = false;
    }

    boolean hasFailedTooOften(int buffer) {
        return failures[buffer] >= MAX_FAILURES;
    }

    /** Whether it may yet be written. */
    boolean isHopeful(int buffer) {
        return !isHopeless[buffer];
    }

    /** Whether others could be written between its first failure and its last. */
    boolean isAlone(int buffer) {
        return hasFailed(buffer) && successesAtLast[buffer] > successesAtFirst[buffer];
    }

    /** Whether there are buffers whose write has failed. */
    boolean isFailing() {
        return failed != 0;
    }

    /** For how many nanoseconds the device as a whole is known to have failed; 0 if it does not, or may not. */
    long failingNanos() {
        return isDeviceFailing() ? Math.max(lastTry - failingSince, 1) : 0;
    }

    /**
     * Whether no write has succeeded since one failed first that is still to be written; or, whatever had succeeded
     * before, since most have failed again.
     */
    private boolean isDeviceFailing() {
        for (int buffer = 0; buffer < Staging.BUFFERS; buffer++) {
            if (hasFailed(buffer) && successes == successesAtFirst[buffer]) {
                return true;
            }
        }
        return haveMostFailedAgain();
    }

    /**
     * Whether as many as stores may take have failed again, and none has succeeded since: stores cannot wait for those,
     * which may be all that is ever written.
     */
    private boolean haveMostFailedAgain() {
        int failedAgain = 0;
        for (int buffer = 0; buffer < Staging.BUFFERS; buffer++) {
            failedAgain += hasFailed(buffer) && successes == successesAtLast[buffer] ? 1 : 0;
        }
        return failedAgain >= Staging.MOST_OF_STORES;
    }

    private boolean hasFailed(int buffer) {
        return delay[buffer] != 0;
    }
}
