package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.store.Counters.Counter;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attack: limits up and down, pins, threads; a takeover with a lower limit; the time that giving lists up takes. */
class HeavyAttackTest {
    private static final int SLOTS = 1500;
    private static final int THREADS = 4;
    private static final long SEED = Long.getLong("ramzswap.seed", 1);
    private static final long SECONDS = Integer.getInteger("ramzswap.seconds", 15);

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(longs = {0, 1 << 20})
    void limitsUpAndDown(long ahead) throws Exception {
        long least = 4 << 20;
        while (Limit.poolPages(least, SLOTS) < SLOTS + 2 * THREADS) {
            least += 4096;
        }
        StoreConfig config = new TestConfig(SLOTS).ahead(ahead).build();
        StoreFiles files = StoreFiles.open(config, BackingFile::open);
        AtomicBoolean isOver = new AtomicBoolean();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        AtomicLong longest = new AtomicLong();
        AtomicLong operations = new AtomicLong();
        try (PageStore store = PageStore.open(config, files)) {
            var field = PageStore.class.getDeclaredField("ownership");
            field.setAccessible(true);
            Ownership ownership = (Ownership) field.get(store);
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                int id = i;
                threads.add(Thread.ofPlatform().daemon().start(() -> {
                    SplittableRandom random = new SplittableRandom(SEED * 100 + id);
                    ByteBuffer page = Pages.buffer();
                    try (Workspace work = store.workspace()) {
                        while (!isOver.get()) {
                            int shape = random.nextInt(5);
                            for (int j = 0; j < 700 && !isOver.get(); j++) {
                                int slot = random.nextInt(SLOTS);
                                long begin = System.nanoTime();
                                if (shape == 0 || random.nextInt(8) == 0) {
                                    store.invalidate(slot, work);
                                } else if (random.nextInt(8) == 0) {
                                    Pages.fill(page, random.nextInt(1000));
                                    int status = store.patch(slot, 8, 1000, page, 0, work);
                                    assertEquals(StoreStatus.OK, status);
                                } else {
                                    Pages.Kind kind = shape < 3
                                            ? Pages.Kind.INCOMPRESSIBLE
                                            : shape == 3 ? Pages.Kind.HALF : Pages.kind(random.nextInt(100));
                                    Pages.fill(page, random.nextInt(1000) * 7L + kind.ordinal());
                                    assertEquals(StoreStatus.OK, store.store(slot, page, 0, work));
                                }
                                long took = System.nanoTime() - begin;
                                longest.accumulateAndGet(took, Math::max);
                                operations.incrementAndGet();
                            }
                        }
                    } catch (Throwable e) {
                        failure.set(e);
                    }
                }));
            }
            threads.add(Thread.ofPlatform().daemon().start(() -> {
                SplittableRandom random = new SplittableRandom(SEED * 100 + 77);
                try (Workspace work = store.workspace()) {
                    while (!isOver.get()) {
                        int slot = random.nextInt(SLOTS);
                        work.begin();
                        long word = files.parts().map().get(slot);
                        if (Slot.kind(word) == Slot.KIND_POOL && !Slot.isPinned(word) && ownership.pin(slot, word)) {
                            try {
                                Thread.sleep(random.nextInt(6));
                            } catch (InterruptedException e) {
                                throw new IllegalStateException(e);
                            }
                            ownership.unpin(slot, word);
                        }
                        work.end();
                    }
                } catch (Throwable e) {
                    failure.set(e);
                }
            }));
            SplittableRandom random = new SplittableRandom(SEED);
            long end = System.nanoTime() + SECONDS * 1_000_000_000L;
            int rounds = 0;
            long slowest = 0;
            while (System.nanoTime() - end < 0 && failure.get() == null) {
                for (int i = random.nextInt(20); i > 0; i--) {
                    store.setLimit(random.nextInt(3) == 0
                            ? StoreConfig.NO_LIMIT
                            : least + random.nextInt(3) * (long) Region.BYTES + random.nextInt(Region.BYTES));
                    Thread.sleep(0, random.nextInt(900_000));
                }
                long limit = least + random.nextInt(Region.BYTES);
                long begin = System.nanoTime();
                store.setLimit(limit);
                while (store.counters().get(Counter.MEM_USED_TOTAL) > limit) {
                    assertTrue(System.nanoTime() - begin < 10_000_000_000L, "memory does not come down");
                    Thread.onSpinWait();
                }
                slowest = Math.max(slowest, System.nanoTime() - begin);
                long keep = System.nanoTime() + random.nextInt(200) * 1_000_000L;
                while (System.nanoTime() - keep < 0) {
                    long used = store.counters().get(Counter.MEM_USED_TOTAL);
                    assertTrue(used <= limit, "round " + rounds + ": " + used + " used, " + limit + " allowed");
                }
                rounds++;
            }
            isOver.set(true);
            for (Thread thread : threads) {
                thread.join(20_000);
                assertTrue(!thread.isAlive(), "a store does not end");
            }
            System.out.println("HeavyAttackTest ahead " + ahead + ": " + rounds + " rounds, " + operations
                    + " operations, longest " + longest.get() / 1_000_000 + " ms, slowest way down "
                    + slowest / 1_000_000 + " ms, refused " + store.counters().get(Counter.REFUSED_STORES) + ", failure "
                    + failure.get());
            if (failure.get() != null) {
                throw new AssertionError(failure.get());
            }
            assertEquals(0, store.counters().get(Counter.REFUSED_STORES));
            store.stopBackgroundWork();
            Invariants.check(files.parts(), "seed " + SEED);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1 << 20})
    void aTakeoverWithALowerLimit(long ahead) throws Exception {
        int slots = 8192;
        StoreConfig config =
                new TestConfig(slots).overcommit().ahead(ahead).stateDirectory(directory).build();
        try (PageStore store = PageStore.open(config);
                Workspace work = store.workspace()) {
            for (int slot = 0; slot < slots; slot++) {
                Pages.Kind kind = slot % 5 == 0 ? Pages.Kind.INCOMPRESSIBLE : Pages.Kind.HALF;
                assertEquals(StoreStatus.OK, store.store(slot, Pages.page(kind, slot), 0, work));
            }
            store.stopBackgroundWork();
            for (int slot = 0; slot < slots; slot++) {
                if (slot % 3 != 0) {
                    store.invalidate(slot, work);
                }
            }
        }
        long limit = 12 << 20;
        StoreConfig lower = new TestConfig(slots)
                .overcommit()
                .ahead(ahead)
                .limit(limit)
                .stateDirectory(directory)
                .build();
        try (PageStore store = PageStore.open(lower);
                Workspace work = store.workspace()) {
            assertTrue(store.isTakenOver());
            long begin = System.nanoTime();
            long first = store.counters().get(Counter.MEM_USED_TOTAL);
            int slot = 0;
            while (store.counters().get(Counter.MEM_USED_TOTAL) > limit) {
                assertTrue(System.nanoTime() - begin < 10_000_000_000L, "does not come down");
                Pages.Kind kind = slot % 5 == 0 ? Pages.Kind.INCOMPRESSIBLE : Pages.Kind.HALF;
                assertEquals(StoreStatus.OK, store.store(slot, Pages.page(kind, slot), 0, work));
                slot = (slot + 3) % (slots / 3 * 3);
            }
            long took = System.nanoTime() - begin;
            for (int i = 0; i < 5000; i++) {
                Pages.Kind kind = slot % 5 == 0 ? Pages.Kind.INCOMPRESSIBLE : Pages.Kind.HALF;
                assertEquals(StoreStatus.OK, store.store(slot, Pages.page(kind, slot + i), 0, work));
                slot = (slot + 3) % (slots / 3 * 3);
                assertTrue(store.counters().get(Counter.MEM_USED_TOTAL) <= limit, "exceeded again after " + i);
            }
            System.out.println("HeavyAttackTest takeover, ahead " + ahead + ": from " + first + ", "
                    + took / 1_000_000 + " ms, live " + store.counters().get(Counter.COMPR_DATA_SIZE));
        }
    }

    /** 4 GiB of regions: nothing is allocated or freed meanwhile. */
    @Test
    void theTimeToGiveListsUp() throws Exception {
        int slots = 1 << 20;
        StoreConfig config = new TestConfig(slots).overcommit().build();
        StoreFiles files = StoreFiles.open(config, BackingFile::open);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            ByteBuffer page = Pages.page(Pages.Kind.INCOMPRESSIBLE, 1);
            for (int slot = 0; slot < slots; slot++) {
                assertEquals(StoreStatus.OK, store.store(slot, page, 0, work));
            }
            var method = Pool.class.getDeclaredMethod("giveListsUp");
            method.setAccessible(true);
            RegionTable regions = files.parts().regions();
            for (int i = 0; i < 3; i++) {
                long begin = System.nanoTime();
                regions.lock.lock();
                try {
                    method.invoke(files.parts().pool());
                } finally {
                    regions.lock.unlock();
                }
                long took = System.nanoTime() - begin;
                long longest = 0;
                int stores = 0;
                while (isAnyUnlisted(regions)) {
                    long from = System.nanoTime();
                    assertEquals(StoreStatus.OK, store.store(stores++ % slots, page, 0, work));
                    longest = Math.max(longest, System.nanoTime() - from);
                }
                System.out.println("HeavyAttackTest " + regions.used() + " regions given up in " + took / 1000
                        + " us, listed again in " + (System.nanoTime() - begin) / 1_000_000 + " ms, longest store of "
                        + stores + ": " + longest / 1000 + " us, used "
                        + store.counters().get(Counter.MEM_USED_TOTAL));
            }
        }
    }

    private static boolean isAnyUnlisted(RegionTable regions) {
        regions.lock.lock();
        try {
            return regions.nextUnlisted() != Region.NONE;
        } finally {
            regions.lock.unlock();
        }
    }
}
