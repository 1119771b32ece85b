package dev.ramzswap.store;

import dev.ramzswap.linux.Self;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.locks.LockSupport;

/**
 * A thread that does a little at a time while there is anything to do, and looks again when it is woken or a moment has
 * passed. Errors are logged and tried again.
 *
 * <p>It is of ordinary priority, also in a daemon whose other threads are not: what it does can take long, and what it
 * takes of memory must not come out of the kernel's reserve.
 */
final class BackgroundLoop implements AutoCloseable {
    /** One look. */
    interface Step {
        /** Does some of what there is to do. Returns whether there was anything. */
        boolean run() throws IOException;
    }

    private static final System.Logger LOG = System.getLogger(BackgroundLoop.class.getName());
    private static final long PAUSE_NANOS = 50_000_000;
    private static final long PAUSE_AFTER_ERROR_NANOS = 1_000_000_000;

    private final Step step;
    private final Thread thread;
    private volatile boolean isParked;
    private volatile boolean isClosed;
    private boolean isLooking;
    private boolean isFruitful;
    private long looks;

    BackgroundLoop(String name, Step step) {
        this.step = step;
        this.thread = Thread.ofPlatform().daemon().name(name).unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /** Asks for a look soon. Cheap enough for the way of a page. */
    void wake() {
        if (isParked) {
            isParked = false;
            LockSupport.unpark(thread);
        }
    }

    /**
     * Waits until a look that began after this call is over, or the given time has passed. Returns whether a look found
     * anything to do meanwhile.
     */
    synchronized boolean awaitLook(long nanos) {
        long end = System.nanoTime() + nanos;
        long look = looks + (isLooking ? 2 : 1);
        while (looks < look && !isClosed) {
            if (System.nanoTime() - end >= 0) {
                return false;
            }
            wake();
            try {
                wait(PAUSE_NANOS / 1_000_000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return isFruitful;
    }

    private void run() {
        makeOrdinary();
        while (!isClosed) {
            begin();
            boolean isFruitful = false;
            try {
                isFruitful = step.run();
            } catch (IOException | RuntimeException e) {
                LOG.log(Level.ERROR, thread.getName() + ": " + e.getMessage() + "; trying again");
                LockSupport.parkNanos(PAUSE_AFTER_ERROR_NANOS);
            }
            end(isFruitful);
            if (!isFruitful) {
                park();
            }
        }
    }

    private void makeOrdinary() {
        try {
            Self.setOrdinary();
        } catch (IOException e) {
            LOG.log(Level.WARNING, thread.getName() + ": " + e.getMessage());
        }
    }

    private synchronized void begin() {
        isLooking = true;
    }

    private synchronized void end(boolean isFruitful) {
        isLooking = false;
        looks++;
        this.isFruitful = isFruitful;
        notifyAll();
    }

    private void park() {
        isParked = true;
        if (!isClosed) {
            LockSupport.parkNanos(this, PAUSE_NANOS);
        }
        isParked = false;
    }

    @Override
    public void close() {
        isClosed = true;
        LockSupport.unpark(thread);
        boolean isInterrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                isInterrupted = true;
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
