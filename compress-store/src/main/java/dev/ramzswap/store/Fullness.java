package dev.ramzswap.store;

/**
 * Remembers that a store was found full, so that the next page is refused at once instead of after the same search: the
 * kernel writes hundreds of thousands of pages to a full device before it believes that nothing can be reclaimed and
 * lets its OOM killer end somebody. Thread-safe.
 */
final class Fullness {
    private volatile boolean isFull;

    boolean isFull() {
        return isFull;
    }

    /** To be called before the last try to find room: what is freed from then on is not overlooked. */
    void found() {
        isFull = true;
    }

    /** Something was freed, or may be had now. */
    void roomMade() {
        if (isFull) {
            isFull = false;
        }
    }
}
