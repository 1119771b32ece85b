package dev.ramzswap.daemon;

import dev.ramzswap.nbd.NbdServer;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * What a daemon does that was told to end and must not yet, since somebody needs it: it serves on, until nobody is
 * attached or another daemon is there to take over.
 */
final class Drain {
    private static final System.Logger LOG = System.getLogger(Drain.class.getName());

    /** How often a daemon that drains looks whether it may end. */
    private static final Duration LOOK = Duration.ofMillis(100);

    private final Ending ending;
    private final BooleanSupplier isLeftToAnother;
    private final Departure departure;
    private final NbdServer server;
    private final ServiceManager service;
    private final Announcement announcement;

    /** @param isLeftToAnother whether the daemon is needed, and another stands by in its place */
    Drain(
            Ending ending,
            BooleanSupplier isLeftToAnother,
            Departure departure,
            NbdServer server,
            ServiceManager service,
            Announcement announcement) {
        this.ending = ending;
        this.isLeftToAnother = isLeftToAnother;
        this.departure = departure;
        this.server = server;
        this.service = service;
        this.announcement = announcement;
    }

    /** Returns when the daemon may end, or must. If it leaves to another one, this does not return. */
    void run() throws InterruptedException {
        if (ending.isDraining()) {
            leaveIfAnotherStandsBy();
            drain();
        }
        if (ending.isForced()) {
            leaveAtOnceIfAnotherStandsBy();
        }
    }

    private void drain() throws InterruptedException {
        LOG.log(
                Level.WARNING,
                "told to end, but the kernel or other clients may swap here: draining, that is, serving until they are"
                        + " gone, and letting in nobody else; only stop --force ends it now");
        service.status("told to end, and serving until the last client is gone");
        announcement.draining();
        while (ending.isDraining()) {
            ending.pause(LOOK);
            leaveIfAnotherStandsBy();
        }
    }

    /**
     * The other may have died meanwhile. It would wait for whoever has just been detached, of whom it knows nothing:
     * that one's connections, which end one by one, are gone at the next look.
     */
    private void leaveIfAnotherStandsBy() throws InterruptedException {
        if (mayLeave()) {
            Thread.sleep(LOOK);
            departure.leaveIf(this::mayLeave, server);
        }
    }

    /** Whatever is in flight; but who has asked for it is to have his answer. */
    private void leaveAtOnceIfAnotherStandsBy() throws InterruptedException {
        while (isLeftToAnother.getAsBoolean()) {
            Thread.sleep(LOOK);
            departure.leaveAtOnceIf(isLeftToAnother);
        }
    }

    private boolean mayLeave() {
        return !ending.isForced() && isLeftToAnother.getAsBoolean();
    }
}
