package dev.ramzswap.backing;

import java.util.concurrent.TimeUnit;

/**
 * How long to wait after a failure, in nanoseconds.
 *
 * @param firstRetry before a failed write is tried again the first time, and one of the segments that could not be read
 *     for cleaning; doubles with each failure
 * @param lastRetry the longest that grows to
 * @param unreadable before all of those segments are tried again, and before a failure to read is told of anew
 * @param patience for how long a device that fails is believed to come back soon: until then what only it could take
 *     waits. Then it is tried once more, and if that fails, what comes is refused at once
 */
record Delays(long firstRetry, long lastRetry, long unreadable, long patience) {
    static final Delays STANDARD = new Delays(
            TimeUnit.SECONDS.toNanos(1),
            TimeUnit.SECONDS.toNanos(60),
            TimeUnit.MINUTES.toNanos(10),
            TimeUnit.SECONDS.toNanos(10));
}
