package dev.ramzswap.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;

/**
 * What the pool's one lock costs: threads that overwrite slots of one store, beside as many threads with a store each,
 * which share nothing. From the project's root, after {@code mvn test-compile}:
 *
 * <pre>
 *   java @nbd-server/src/runtime/home/java.options -cp CLASSPATH dev.ramzswap.store.LockSpeed
 * </pre>
 */
final class LockSpeed {
    private static final int SLOTS = 1 << 16;
    private static final int PAGES = 4096;
    private static final int RUNS = 7;
    private static final long RUN_NANOS = 2_000_000_000L;

    private LockSpeed() {}

    public static void main(String[] args) throws Exception {
        for (Pages.Kind kind : new Pages.Kind[] {Pages.Kind.HALF, Pages.Kind.INCOMPRESSIBLE}) {
            ByteBuffer[] pages = new ByteBuffer[PAGES];
            Arrays.setAll(pages, i -> Pages.page(kind, i));
            for (int threads : new int[] {1, 2, 4}) {
                compare(kind, pages, threads);
            }
        }
    }

    /** In turn, so that whatever else the machine does is in both. */
    private static void compare(Pages.Kind kind, ByteBuffer[] pages, int threads) throws Exception {
        double[] shared = new double[RUNS];
        double[] apart = new double[RUNS];
        try (Stores one = new Stores(1);
                Stores many = new Stores(threads)) {
            one.storesPerSecond(pages, threads); // Warms up.
            many.storesPerSecond(pages, threads);
            for (int run = 0; run < RUNS; run++) {
                shared[run] = one.storesPerSecond(pages, threads);
                apart[run] = many.storesPerSecond(pages, threads);
            }
        }
        System.out.printf(
                "%-15s %d threads: one store %s, a store each %s (thousand stores/s: least, median, most)%n",
                kind, threads, summary(shared), summary(apart));
    }

    private static String summary(double[] values) {
        Arrays.sort(values);
        return "%.0f / %.0f / %.0f"
                .formatted(values[0] / 1000, values[values.length / 2] / 1000, values[values.length - 1] / 1000);
    }

    /** One store for all threads, or one for each. */
    private static final class Stores implements AutoCloseable {
        private final PageStore[] stores;

        Stores(int count) throws IOException {
            stores = new PageStore[count];
            for (int i = 0; i < count; i++) {
                stores[i] = PageStore.open(new TestConfig(SLOTS).build());
            }
        }

        double storesPerSecond(ByteBuffer[] pages, int threads) throws InterruptedException {
            CountDownLatch start = new CountDownLatch(1);
            long[] done = new long[threads];
            Thread[] running = new Thread[threads];
            for (int i = 0; i < threads; i++) {
                int number = i;
                running[i] = Thread.ofPlatform().start(() -> {
                    try {
                        start.await();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                    done[number] = overwrite(stores[number % stores.length], pages, number);
                });
            }
            long begin = System.nanoTime();
            start.countDown();
            for (Thread thread : running) {
                thread.join();
            }
            return Arrays.stream(done).sum() * 1e9 / (System.nanoTime() - begin);
        }

        private static long overwrite(PageStore store, ByteBuffer[] pages, long seed) {
            SplittableRandom random = new SplittableRandom(seed);
            long stored = 0;
            try (Workspace work = store.workspace()) {
                for (long end = System.nanoTime() + RUN_NANOS; System.nanoTime() - end < 0; stored++) {
                    if (store.store(random.nextInt(SLOTS), pages[random.nextInt(PAGES)], 0, work) != StoreStatus.OK) {
                        throw new IllegalStateException("a store failed");
                    }
                }
            }
            return stored;
        }

        @Override
        public void close() throws IOException {
            for (PageStore store : stores) {
                store.close();
            }
        }
    }
}
