package dev.ramzswap;

import static org.junit.jupiter.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** The gate of hot paths: they allocate nothing once the JIT has compiled them, which takes a while. */
public final class Allocation {
    private static final long PATIENCE_NANOS = 20_000_000_000L;

    private Allocation() {}

    /**
     * Runs {@code work} until it allocates less than a byte per call in this thread; fails if that never comes. (Less,
     * not nothing: a contended lock takes a queue node now and then.)
     *
     * @param calls how many calls of what is tested one run of {@code work} makes
     */
    public static void assertNoneOnceWarm(int calls, Runnable work) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long begin = System.nanoTime();
        long bytes = Long.MAX_VALUE;
        while (bytes >= calls) {
            if (System.nanoTime() - begin > PATIENCE_NANOS) {
                fail(bytes + " bytes were allocated by " + calls + " calls");
            }
            long before = threads.getCurrentThreadAllocatedBytes();
            work.run();
            bytes = threads.getCurrentThreadAllocatedBytes() - before;
        }
    }
}
