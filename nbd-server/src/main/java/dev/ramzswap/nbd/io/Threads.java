package dev.ramzswap.nbd.io;

import dev.ramzswap.closing.Joins;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;

/** The threads of a server: platform threads with small stacks, none of which keeps the JVM from its end. */
public final class Threads {
    /** Enough for the codecs, which keep up to 20 KiB on the stack; a default one would be 1 MiB, and may be locked. */
    private static final long STACK_BYTES = 256 << 10;

    private Threads() {}

    public static Thread start(String name, Runnable task) {
        Thread thread = unstarted(name, task);
        thread.start();
        return thread;
    }

    /**
     * Has so many threads at once for a moment, fewer if this one is interrupted. glibc keeps the stacks of those that
     * end for the next ones, up to 40 MiB (glibc.pthread.stack_cache_size), and, if they are locked, what was used of
     * them stays in memory: it cannot give that back (MADV_DONTNEED).
     */
    public static void reserveStacks(int count) {
        Semaphore ends = new Semaphore(0);
        List<Thread> threads = new ArrayList<>(count);
        try {
            while (threads.size() < count && !Thread.currentThread().isInterrupted()) {
                threads.add(start("nbd-stack", ends::acquireUninterruptibly));
            }
        } finally {
            ends.release(count);
            threads.forEach(Joins::uninterruptibly);
        }
    }

    public static Thread unstarted(String name, Runnable task) {
        return Thread.ofPlatform()
                .name(name)
                .daemon(true)
                .stackSize(STACK_BYTES)
                .unstarted(task);
    }
}
