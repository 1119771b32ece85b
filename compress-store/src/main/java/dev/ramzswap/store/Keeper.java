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

    private void run() {
        while (!isClosed) {
            try {
                if (!tidy()) {
                    park(PAUSE_NANOS);
                }
            } catch (IOException | RuntimeException e) {
                LOG.log(Level.ERROR, thread.getName() + ": cannot give memory back: " + e.getMessage());
                park(PAUSE_AFTER_ERROR_NANOS);
            }
        }
    }

    private boolean tidy() throws IOException {
        boolean isFileCompacted = compactor.compactFile();
        boolean isSpilled = spiller.spill();
        boolean isPoolCompacted = compactor.compactPool();
        return isFileCompacted || isSpilled || isPoolCompacted;
    }

    private void park(long nanos) {
        isParked = true;
        if (!isClosed) {
            LockSupport.parkNanos(this, nanos);
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
