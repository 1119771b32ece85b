package dev.ramzswap.store;

import dev.ramzswap.store.Counters.Counter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * What dropping freed slots costs: processor time of the pool's keeper for each of a store's pages whose slot is freed,
 * and what it takes when nothing is freed. From the project's root, after {@code mvn test-compile}:
 *
 * <pre>
 *   java @nbd-server/src/runtime/home/java.options -cp CLASSPATH dev.ramzswap.store.SweepSpeed
 * </pre>
 */
final class SweepSpeed {
    private static final int SLOTS = 1 << 18;
    private static final int ROUNDS = 9;
    private static final int IDLE_SECONDS = 10;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private SweepSpeed() {}

    public static void main(String[] args) throws Exception {
        try (PageStore store = PageStore.open(new TestConfig(SLOTS).build());
                Arena arena = Arena.ofShared()) {
            MemorySegment bits = arena.allocate(SLOTS / 8, Long.BYTES);
            long keeper = keeper();
            long before = idle(keeper);
            store.freed().begin(bits, 1);
            try (Workspace work = store.workspace()) {
                for (Pages.Kind kind : new Pages.Kind[] {Pages.Kind.HALF, Pages.Kind.INCOMPRESSIBLE}) {
                    measure(store, work, bits, keeper, Pages.page(kind, 1), kind.toString());
                }
                measure(store, work, bits, keeper, Pages.buffer(), "same-filled");
            }
            System.out.printf(
                    "idle, of a processor: %.3f %% without bits, %.3f %% with those of %d slots%n",
                    percent(before), percent(idle(keeper)), SLOTS);
            store.freed().end();
        }
    }

    private static void measure(
            PageStore store, Workspace work, MemorySegment bits, long keeper, ByteBuffer page, String kind)
            throws InterruptedException {
        double[] nanos = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            for (long slot = 0; slot < SLOTS; slot++) {
                store.store(slot, page, 0, work);
            }
            long dropped = dropped(store);
            long begin = THREADS.getThreadCpuTime(keeper);
            bits.fill((byte) -1);
            while (dropped(store) - dropped < SLOTS) {
                TimeUnit.MILLISECONDS.sleep(1);
            }
            nanos[round] = (double) (THREADS.getThreadCpuTime(keeper) - begin) / SLOTS;
        }
        Arrays.sort(nanos);
        System.out.printf(
                "%-15s %.0f / %.0f / %.0f ns for each slot (least, median, most of %d)%n",
                kind, nanos[0], nanos[ROUNDS / 2], nanos[ROUNDS - 1], ROUNDS);
    }

    private static long dropped(PageStore store) {
        return store.counters().get(Counter.FREED_SLOTS);
    }

    private static long idle(long keeper) throws InterruptedException {
        long begin = THREADS.getThreadCpuTime(keeper);
        TimeUnit.SECONDS.sleep(IDLE_SECONDS);
        return THREADS.getThreadCpuTime(keeper) - begin;
    }

    private static double percent(long nanos) {
        return nanos * 100.0 / TimeUnit.SECONDS.toNanos(IDLE_SECONDS);
    }

    private static long keeper() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("keeper-"))
                .findFirst()
                .orElseThrow()
                .threadId();
    }
}
