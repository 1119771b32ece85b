package dev.ramzswap.store;

import dev.ramzswap.closing.Joins;
import dev.ramzswap.linux.Self;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.locks.LockSupport;

/**
 * A thread that does a little at a time while there is anything to do, and looks again when it is woken or a moment has
 * passed. Whatever is thrown is logged and tried again: without this thread no store would find room any more.
 *
 * <p>It is of ordinary priority, also in a daemon whose other threads are not, unless it is {@link #urgent}: what it
 * does can take long, and what it takes of memory must not come out of the kernel's reserve.
 */
final class BackgroundLoop implements AutoCloseable {
    /** One look. */
    interface Step {
        /** Does some of what there is to do. */
        Look run() throws IOException;
    }

    private static final System.Logger LOG = System.getLogger(BackgroundLoop.class.getName());
    private static final long PAUSE_NANOS = 50_000_000;
    private static final long PAUSE_AFTER_ERROR_NANOS = 1_000_000_000;

    private final Step step;
    private final long pauseNanos;
    private final Thread thread;

    private final boolean isOrdinary;

    /** Whether a look was asked for since the last one began. */
    private volatile boolean isWanted;

    private volatile boolean isClosed;
    private boolean isLooking;
    private boolean isPaused;
    private Look seen = Look.NOTHING;
    private long looks;

    /** The last of the looks that gained something. */
    private long lookThatGained;

    /** Of ordinary priority, whatever its starter has. */
    BackgroundLoop(String name, Step step) {
        this(name, step, PAUSE_NANOS);
    }

    /** @param pauseNanos a seam for tests, which would not notice a lost wake-up that is soon made up for */
    BackgroundLoop(String name, Step step, long pauseNanos) {
        this(name, step, pauseNanos, true);
    }

    private BackgroundLoop(String name, Step step, long pauseNanos, boolean isOrdinary) {
        this.isOrdinary = isOrdinary;
        this.step = step;
        this.pauseNanos = pauseNanos;
        this.thread = Thread.ofPlatform().daemon().name(name).unstarted(this::run);
    }

    /** Of its starter's priority. */
    static BackgroundLoop urgent(String name, Step step) {
        return new BackgroundLoop(name, step, PAUSE_NANOS, false);
    }

    void start() {
        thread.start();
    }

    /** Asks for a look soon. Cheap enough for the way of a page. */
    void wake() {
        if (!isWanted) {
            isWanted = true;
            LockSupport.unpark(thread);
        }
    }

    /** Like {@link #awaitLook(long, long)}, for a look that begins after this call. */
    synchronized Look awaitLook(long nanos) {
        return awaitLook(next(), nanos);
    }

    /** The number of the first look that begins after this call. */
    synchronized long next() {
        return looks + (isLooking ? 2 : 1);
    }

    synchronized boolean isOver(long look) {
        return looks >= look;
    }

    /**
     * Waits until a look is over. Returns what came of it, or of one after it, or BLOCKED if it is not over after the
     * given time.
     */
    synchronized Look awaitLook(long look, long nanos) {
        long end = System.nanoTime() + nanos;
        boolean isInterrupted = false;
        while (looks < look && !isClosed && end - System.nanoTime() > 0) {
            wake();
            try {
                wait(Math.max(Math.min(end - System.nanoTime(), pauseNanos) / 1_000_000, 1));
            } catch (InterruptedException e) {
                isInterrupted = true; // Of no use to who needs room; for whatever he does next.
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
        if (isClosed) {
            return Look.NOTHING;
        }
        if (lookThatGained >= look) {
            return Look.GAINED; // And another one found nothing since.
        }
        return looks < look ? Look.BLOCKED : seen;
    }

    /** Waits for the end of a look, and lets none begin until {@link #resume}: what there is stands still. */
    synchronized void pause() throws InterruptedException {
        isPaused = true;
        while (isLooking && !isClosed) {
            wait();
        }
    }

    synchronized void resume() {
        isPaused = false;
        notifyAll();
    }

    private void run() {
        if (isOrdinary) {
            makeOrdinary();
        }
        while (!isClosed) {
            isWanted = false;
            begin();
            Look look = tryStep();
            end(look);
            if (look != Look.GAINED && !isWanted && !isClosed) {
                LockSupport.parkNanos(this, pauseNanos);
            }
        }
    }

    private Look tryStep() {
        try {
            return step.run();
        } catch (Throwable e) {
            log(e, "trying again");
            pauseAfterError();
            return Look.BLOCKED;
        }
    }

    private void log(Throwable failure, String then) {
        try {
            LOG.log(Level.ERROR, thread.getName() + ": " + failure + "; " + then);
        } catch (Throwable e) {
            // If memory is short, there may be none for words about it either.
        }
    }

    /** Whoever wakes it meanwhile must not make it log an error for each time. */
    private void pauseAfterError() {
        long end = System.nanoTime() + PAUSE_AFTER_ERROR_NANOS;
        while (!isClosed && System.nanoTime() - end < 0) {
            LockSupport.parkNanos(this, PAUSE_NANOS);
        }
    }

    private void makeOrdinary() {
        try {
            Self.setOrdinary();
        } catch (Throwable e) {
            log(e, "its priority stays what it is");
        }
    }

    private synchronized void begin() {
        while (isPaused && !isClosed) {
            awaitResume();
        }
        isLooking = true;
    }

    private void awaitResume() {
        try {
            wait();
        } catch (InterruptedException e) {
            // Nobody interrupts this thread to any purpose.
        }
    }

    private synchronized void end(Look look) {
        isLooking = false;
        looks++;
        seen = look;
        if (look == Look.GAINED) {
            lookThatGained = looks;
        }
        notifyAll();
    }

    /** Who waits for a look is answered at once, also if the last one takes long. */
    @Override
    public void close() {
        isClosed = true;
        resume();
        LockSupport.unpark(thread);
        Joins.uninterruptibly(thread);
    }
}
