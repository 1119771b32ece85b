package dev.ramzswap.store;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.locks.LockSupport;

/**
 * The thread that keeps room in the pool and in the backing file ahead of the stores: it spills and compacts a little
 * at a time while there is anything to do, and looks again when it is woken or a moment has passed.
 */
final class Keeper implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Keeper.class.getName());
    private static final long PAUSE_NANOS = 50_000_000;
    private static final long PAUSE_AFTER_ERROR_NANOS = 1_000_000_000;

    private final Spiller spiller;
    private final Compactor compactor;
    private final Thread thread;
    private volatile boolean isParked;
    private boolean isLooking;
    private boolean isFruitful;
    private long looks;
    private volatile boolean isClosed;

    Keeper(String name, Spiller spiller, Compactor compactor) {
        this.spiller = spiller;
        this.compactor = compactor;
        this.thread = Thread.ofPlatform().daemon().name("keeper-" + name).unstarted(this::run);
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

    /** Waits until a look that began after this call is over. Returns whether it found anything to do. */
    synchronized boolean makeRoom() {
        long look = looks + (isLooking ? 2 : 1);
        while (looks < look && !isClosed) {
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
        while (!isClosed) {
            begin();
            boolean isFruitful = false;
            try {
                isFruitful = tidy();
            } catch (IOException | RuntimeException e) {
                LOG.log(Level.ERROR, thread.getName() + ": cannot give memory back: " + e.getMessage());
                LockSupport.parkNanos(PAUSE_AFTER_ERROR_NANOS);
            }
            end(isFruitful);
            if (!isFruitful) {
                park();
            }
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

    private boolean tidy() throws IOException {
        boolean isFileCompacted = compactor.compactFile();
        boolean isSpilled = spiller.spill();
        boolean isPoolCompacted = compactor.compactPool();
        return isFileCompacted || isSpilled || isPoolCompacted;
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
