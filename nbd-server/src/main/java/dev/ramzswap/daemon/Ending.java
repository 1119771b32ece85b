package dev.ramzswap.daemon;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * When a daemon ends. A first request ends it, unless somebody is attached: then it drains, that is, it goes on until
 * nobody is, since the machine cannot do without the pages that it holds. Further requests change nothing; only force
 * does. Thread-safe.
 */
final class Ending {
    private final BooleanSupplier isAttached;
    private boolean requested;
    private boolean forced;

    /** @param isAttached whether the daemon must go on for somebody's sake; may take a moment to find out */
    Ending(BooleanSupplier isAttached) {
        this.isAttached = isAttached;
    }

    /** @return whether the daemon goes on for now */
    boolean request() {
        synchronized (this) {
            requested = true;
            notifyAll();
        }
        return isDraining();
    }

    /** Ends the daemon whoever is attached. */
    synchronized void force() {
        requested = true;
        forced = true;
        notifyAll();
    }

    /** Waits for so long, or less. @return whether there was a request */
    synchronized boolean awaitRequest(Duration time) throws InterruptedException {
        if (!requested) {
            wait(time.toMillis());
        }
        return requested;
    }

    boolean isDraining() {
        return isRequested() && !isForced() && isAttached.getAsBoolean();
    }

    /** Lets so much time pass, less if somebody has left or it is forced meanwhile. */
    synchronized void pause(Duration time) throws InterruptedException {
        if (!forced) {
            wait(time.toMillis());
        }
    }

    /** Somebody has left. */
    synchronized void left() {
        notifyAll();
    }

    synchronized boolean isRequested() {
        return requested;
    }

    synchronized boolean isForced() {
        return forced;
    }
}
