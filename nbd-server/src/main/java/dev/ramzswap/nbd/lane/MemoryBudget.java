package dev.ramzswap.nbd.lane;

import java.util.concurrent.atomic.AtomicLong;

/** Bytes that all connections of a server share. Nobody waits for it: who gets nothing makes do with what it has. */
public final class MemoryBudget {
    private final long total;
    private final AtomicLong used = new AtomicLong();

    public MemoryBudget(long total) {
        this.total = total;
    }

    boolean tryAcquire(long bytes) {
        if (used.addAndGet(bytes) <= total) {
            return true;
        }
        used.addAndGet(-bytes);
        return false;
    }

    void release(long bytes) {
        used.addAndGet(-bytes);
    }

    /** More than half is taken: what is kept for later should rather go back. */
    boolean scarce() {
        return used.get() > total / 2;
    }

    public long used() {
        return used.get();
    }
}
