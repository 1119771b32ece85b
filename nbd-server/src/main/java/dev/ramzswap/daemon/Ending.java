package dev.ramzswap.daemon;

/**
 * When a daemon ends. A first request ends it, unless it serves swap to clients: then it drains, that is, it goes on
 * until the last of them is gone, since the machine cannot do without the pages that it holds. Further requests change
 * nothing; only force does. Thread-safe.
 */
final class Ending {
    private final boolean drains;
    private int clients;
    private boolean requested;
    private boolean forced;

    /** @param drains whether clients are waited for */
    Ending(boolean drains) {
        this.drains = drains;
    }

    /** @return whether the daemon goes on for now, for clients' sake */
    synchronized boolean request() {
        requested = true;
        notifyAll();
        return isDraining();
    }

    /** Ends the daemon whatever its clients do. */
    synchronized void force() {
        requested = true;
        forced = true;
        notifyAll();
    }

    /** Hears how many clients are attached. */
    synchronized void clients(int count) {
        clients = count;
        notifyAll();
    }

    synchronized int clients() {
        return clients;
    }

    synchronized void awaitRequest() throws InterruptedException {
        while (!requested) {
            wait();
        }
    }

    /** Waits until it was requested, and no client is waited for. */
    synchronized void await() throws InterruptedException {
        while (!requested || isDraining()) {
            wait();
        }
    }

    synchronized boolean isDraining() {
        return requested && drains && !forced && clients > 0;
    }

    synchronized boolean isForced() {
        return forced;
    }
}
