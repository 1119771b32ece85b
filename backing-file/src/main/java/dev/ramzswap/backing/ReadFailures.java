package dev.ramzswap.backing;

/**
 * For how long segments have failed that were to be cleaned. What fails for a moment must make nobody give up, however
 * long it takes to look at the others, and what fails for long must keep nobody waiting, however long each takes to
 * fail. Used by one thread.
 */
final class ReadFailures {
    private final long patienceNanos;

    /** When the first one of those that are set aside had failed, and the last one. */
    private long first;

    private long last;

    /** For how long others have failed since then, or the same ones once more: that was no pause. */
    private long othersNanos;

    /** Whether the last one that was looked at failed, and nothing that was tried elsewhere was intact. */
    private boolean isDevice;

    /** When the first one had of those of which that is so, and of none between them not. */
    private long deviceFirst;

    ReadFailures(long patienceNanos) {
        this.patienceNanos = patienceNanos;
    }

    /**
     * A segment has failed.
     *
     * @param begin when the look at it began
     * @param isFirst whether those before it are forgotten
     * @param isDevice whether nothing that was tried elsewhere was intact
     */
    void add(long begin, boolean isFirst, boolean isDevice) {
        long now = System.nanoTime();
        boolean isAnew = isFirst || begin - last - othersNanos > patienceNanos;
        first = isAnew ? now : first;
        deviceFirst = isAnew || !this.isDevice ? now : deviceFirst;
        this.isDevice = isDevice;
        last = now;
        othersNanos = 0;
    }

    /** Something else has failed since then. */
    void addOther(long begin) {
        othersNanos += System.nanoTime() - begin;
    }

    /** The device has given back something that is intact. */
    void endOfDevice() {
        isDevice = false;
    }

    /** Whether the last one failed longer after the first one than a device is given to come back. */
    boolean isForLong() {
        return last - first >= patienceNanos;
    }

    /** Whether that is so of the device as a whole, as was seen once more since a look began. */
    boolean isDeviceForLong(long begin) {
        return isDevice && last - deviceFirst >= patienceNanos && last - begin >= 0;
    }
}
