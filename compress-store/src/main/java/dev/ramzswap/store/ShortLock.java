package dev.ramzswap.store;

import java.util.concurrent.locks.ReentrantLock;

/**
 * A lock for what takes less than a microsecond: whoever finds it held looks again for some microseconds before it
 * parks, as to be parked and woken takes tens of times as long as what it waits for. With one processor nobody looks
 * again: the holder goes on only when the looking ends.
 *
 * <p>It is a {@link ReentrantLock} since a contended monitor is inflated, which takes native memory. Thread-safe.
 */
final class ShortLock extends ReentrantLock {
    private static final long serialVersionUID = 1;

    /** By figures: docs/figures.md, "The pool's lock". */
    private static final int LOOKS = Runtime.getRuntime().availableProcessors() > 1 ? 200 : 0;

    @Override
    public void lock() {
        for (int look = 0; look < LOOKS; look++) {
            if (tryLock()) {
                return;
            }
            Thread.onSpinWait();
        }
        super.lock();
    }
}
