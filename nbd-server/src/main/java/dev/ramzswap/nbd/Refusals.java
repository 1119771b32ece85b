package dev.ramzswap.nbd;

import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import jdk.net.UnixDomainPrincipal;

/**
 * Tells the log who was refused, once a second at most: whoever tries again and again does not fill it. Thread-safe.
 */
final class Refusals {
    private static final System.Logger LOG = System.getLogger(Refusals.class.getName());
    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final AtomicLong last = new AtomicLong(System.nanoTime() - INTERVAL_NANOS);

    /** Of a user who may not open an export. */
    void log(UnixDomainPrincipal peer, Export export) {
        log("user " + peer.user().getName() + " (group " + peer.group().getName() + ") may not open export "
                + export.name() + ": --allow-users and --allow-groups say who may");
    }

    void log(String message) {
        long now = System.nanoTime();
        long before = last.get();
        if (now - before >= INTERVAL_NANOS && last.compareAndSet(before, now)) {
            LOG.log(Level.WARNING, message);
        }
    }
}
