package dev.ramzswap.nbd;

import dev.ramzswap.linux.PeerCredentials;
import dev.ramzswap.nbd.export.Export;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Tells the log who was refused, once a second at most: whoever tries again and again does not fill it. Thread-safe.
 */
final class Refusals {
    private static final System.Logger LOG = System.getLogger(Refusals.class.getName());
    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final LongSupplier clock;
    private final AtomicLong last;

    Refusals() {
        this(System::nanoTime);
    }

    /** @param clock nanoseconds since whenever */
    Refusals(LongSupplier clock) {
        this.clock = clock;
        last = new AtomicLong(clock.getAsLong() - INTERVAL_NANOS);
    }

    /** Of a user who may not open an export. */
    void log(PeerCredentials peer, Export export) {
        log("a client of " + peer + " may not open export " + export.name()
                + ": --allow-users and --allow-groups say who may");
    }

    /** Of a client that may have had a say in the words. */
    void log(String message) {
        if (isDue()) {
            LOG.log(Level.WARNING, message.replaceAll("\\p{Cntrl}", "?"));
        }
    }

    /** Once in each interval. */
    boolean isDue() {
        long now = clock.getAsLong();
        long before = last.get();
        return now - before >= INTERVAL_NANOS && last.compareAndSet(before, now);
    }
}
