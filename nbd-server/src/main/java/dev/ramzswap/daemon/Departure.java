package dev.ramzswap.daemon;

import dev.ramzswap.linux.DiskSleep;
import dev.ramzswap.linux.Self;
import dev.ramzswap.nbd.NbdServer;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * How a daemon leaves what it has to the next one: it ends as if killed, which leaves nothing undone. The next has the
 * state at once, and the kernel sends it what was not answered. To end in order would take time, and tell the kernel of
 * errors.
 *
 * <p>While a thread waits for a disk that does not answer, the process cannot end: the next one would get nothing, and
 * nobody would serve what lies in memory. So until then it stays, and serves on.
 */
final class Departure {
    private static final System.Logger LOG = System.getLogger(Departure.class.getName());

    /** A disk answers within that, or the kernel swaps without a pause. */
    private static final Duration QUIET = Duration.ofSeconds(2);

    private static final int FAILED = 1;

    private final ServiceManager service;
    private final DiskSleep disks = new DiskSleep();
    private boolean isHeldUp;

    Departure(ServiceManager service) {
        this.service = service;
    }

    /**
     * Leaves, or returns if it must not, or no more. What is not answered the kernel sends to the next daemon only
     * after the request timeout: better when there is nothing of the kind, if that can be had.
     *
     * @param mayLeave is asked last of all
     */
    void leaveIf(BooleanSupplier mayLeave, NbdServer server) {
        boolean isReady = isPossible()
                && says("told to end: another daemon stands by, and takes over")
                && (awaitQuiet(server)
                        || says("requests never paused: some are answered after the kernel's request timeout"));
        if (isReady && mayLeave.getAsBoolean()) {
            exit(0);
        }
    }

    /** To look at all threads takes milliseconds, in which requests come. */
    private boolean awaitQuiet(NbdServer server) {
        long end = System.nanoTime() + QUIET.toNanos();
        boolean isQuiet = false;
        while (!isQuiet && System.nanoTime() - end < 0) {
            isQuiet = server.awaitQuiet(QUIET) && isPossible() && server.awaitQuiet(Duration.ZERO);
        }
        return isQuiet;
    }

    /** Leaves for a failure, as soon as that is possible: somebody may be served. */
    void fail(String why) {
        LOG.log(Level.ERROR, why);
        StderrLogs.flush();
        boolean isPossible = false;
        while (!isPossible) {
            isPossible = isPossible();
        }
        exit(FAILED);
    }

    /** Leaves whatever is in flight, or returns if it must not, or cannot. */
    void leaveAtOnceIf(BooleanSupplier mayLeave) {
        boolean isReady = isPossible() && says("told to end at once: another daemon stands by, and takes over");
        if (isReady && mayLeave.getAsBoolean()) {
            exit(0);
        }
    }

    /** Leaves at once: nobody is served. */
    void leave(String why) {
        LOG.log(Level.INFO, why);
        StderrLogs.flush();
        exit(0);
    }

    /** To write it may take the very disk. @return whether it is possible to leave afterwards */
    private boolean says(String what) {
        LOG.log(Level.INFO, what);
        StderrLogs.flush();
        return isPossible();
    }

    /** Waits a moment for it, and tells if that was not enough, once. */
    private boolean isPossible() {
        boolean wasHeldUp = isHeldUp;
        isHeldUp = !disks.awaitAwake(QUIET);
        if (isHeldUp && !wasHeldUp) {
            LOG.log(Level.WARNING, "a disk does not answer: until it does, this process cannot end, and goes on");
        }
        return !isHeldUp;
    }

    private void exit(int status) {
        service.close();
        Self.exit(status);
    }
}
