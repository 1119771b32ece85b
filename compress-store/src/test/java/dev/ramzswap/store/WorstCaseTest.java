package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.FailingDevice;
import dev.ramzswap.store.Counters.Counter;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Contract 2, at its edge: limit and backing file hold the slots' worst case and not a page more, and all slots are at
 * their worst. Eight threads overwrite and patch them, while the file fails now and then, or is slow, for less than a
 * store's patience, so that partial writes keep pages pinned while they read: no store may be refused. For longer runs
 * {@code -Dramzswap.seconds=600}; to replay, {@code -Dramzswap.seed}.
 */
class WorstCaseTest {
    private static final int SLOTS = 4096;
    private static final int THREADS = 8;
    private static final long LIMIT = 6 << 20;
    private static final long SEED = Long.getLong("ramzswap.seed", System.nanoTime());
    private static final long NANOS = TimeUnit.SECONDS.toNanos(Integer.getInteger("ramzswap.seconds", 20));

    @TempDir
    Path directory;

    @Test
    void nothingIsRefusedWhatLimitAndFileCanHold() throws Exception {
        AtomicReference<FailingDevice> device = new AtomicReference<>();
        StoreConfig config = config();
        StoreFiles files = StoreFiles.open(config, backing -> FailingDevice.open(backing, SEED, device::set));
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (PageStore store = PageStore.open(config, files)) {
            long end = System.nanoTime() + NANOS;
            List<Future<?>> futures = new ArrayList<>();
            for (int id = 0; id < THREADS; id++) {
                int first = id;
                futures.add(threads.submit(() -> play(store, first, end)));
            }
            SplittableRandom random = new SplittableRandom(SEED);
            while (futures.stream().anyMatch(future -> !future.isDone())) {
                device.get().fail(random.nextInt(4) == 0 ? 40 : 0);
                device.get().slow(random.nextInt(3) == 0 ? 20 : 0);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(300)));
            }
            device.get().fail(0);
            device.get().slow(0);
            for (Future<?> future : futures) {
                future.get();
            }
            System.out.println("WorstCaseTest: seed " + SEED + ", " + stored(store.counters()) + " stores, "
                    + store.counters().get(Counter.REFUSED_STORES) + " refused, "
                    + device.get().slowReads() + " slow reads");
            assertEquals(0, store.counters().get(Counter.REFUSED_STORES), "seed " + SEED);
            assertTrue(device.get().slowReads() > 0, "no partial write was slow; seed " + SEED);
            assertTrue(store.counters().get(Counter.MEM_USED_MAX) <= LIMIT, "the limit is exceeded; seed " + SEED);
            store.stopBackgroundWork();
            Invariants.check(files.parts(), "seed " + SEED);
        } finally {
            threads.shutdownNow();
        }
    }

    private static long stored(Counters counters) {
        return counters.get(Counter.SUCC_STORES) + counters.get(Counter.FAILED_STORES);
    }

    /** A file of just the size that the worst case asks for. */
    private StoreConfig config() {
        return new TestConfig(SLOTS)
                .limit(LIMIT)
                .backing(directory.resolve("file"), TestConfig.leastFileBytes(SLOTS, LIMIT))
                .build();
    }

    private static void play(PageStore store, int id, long end) {
        SplittableRandom random = new SplittableRandom(SEED + id);
        ByteBuffer page = Pages.buffer();
        boolean isFilled = false;
        try (Workspace work = store.workspace()) {
            while (System.nanoTime() - end < 0) {
                for (int slot = id; slot < SLOTS; slot += THREADS) {
                    int target = isFilled ? random.nextInt(SLOTS / THREADS) * THREADS + id : slot;
                    Pages.fill(page, random.nextInt(1 << 20) * 7L + Pages.Kind.INCOMPRESSIBLE.ordinal());
                    int status = isFilled && random.nextInt(4) == 0
                            ? store.patch(target, 100, 200, page, 100, work)
                            : store.store(target, page, 0, work);
                    // What could not be read while the file failed cannot be patched.
                    assertTrue(status == StoreStatus.OK || status == StoreStatus.IO_ERROR, "seed " + SEED);
                }
                isFilled = true;
            }
        }
    }
}
