package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.FailingDevice;
import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random operations by several threads, and slots that are freed by their bits, against a plain in-memory model, while
 * the limit and the codec change and the backing file fails. Each thread has slots of its own, between the others', so
 * that it knows what they must hold. To replay a failure: {@code -Dramzswap.seed=SEED}.
 */
class StoreModelTest {
    private static final int SLOTS = 6000;
    private static final int THREADS = 3;
    private static final int OPERATIONS = Integer.getInteger("ramzswap.operations", 30_000);
    private static final int ROUND = 3000;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);
    private static final VarHandle BITS = ValueLayout.JAVA_LONG.varHandle();
    private static final long SEED = Long.getLong("ramzswap.seed", System.nanoTime());

    @TempDir
    Path directory;

    @RegisterExtension
    private final Ramfs ramfs = new Ramfs();

    private final AtomicReference<FailingDevice> device = new AtomicReference<>();
    private final MemorySegment bits = Arena.ofAuto().allocate(Math.ceilDiv(SLOTS, Long.SIZE) * Long.BYTES, Long.BYTES);
    private volatile boolean isDone;

    @Test
    void inMemoryAlone() throws Exception {
        play(new TestConfig(SLOTS).build(), 1L << 40, false);
    }

    @Test
    void mostPagesSpilled() throws Exception {
        play(
                new TestConfig(SLOTS)
                        .limit(2 << 20)
                        .backing(directory.resolve("file"))
                        .build(),
                2 << 20,
                false);
    }

    @Test
    void theLimitGoesUpAndDown() throws Exception {
        play(new TestConfig(SLOTS).backing(directory.resolve("file")).build(), 1 << 20, false);
    }

    @Test
    void memoryIsPopulatedAhead() throws Exception {
        play(
                new TestConfig(SLOTS)
                        .ahead(1 << 20)
                        .backing(directory.resolve("file"))
                        .build(),
                1 << 20,
                false);
    }

    @Test
    void theStateIsOnRamfs() throws Exception {
        play(
                new TestConfig(SLOTS)
                        .ahead(1 << 20)
                        .backing(directory.resolve("file"))
                        .stateDirectory(ramfs.directory())
                        .build(),
                1 << 20,
                false);
    }

    @Test
    void theBackingFileFails() throws Exception {
        play(new TestConfig(SLOTS).backing(directory.resolve("file")).build(), 1 << 20, true);
    }

    private void play(StoreConfig config, long lowestLimit, boolean isFailing) throws Exception {
        StoreFiles files = StoreFiles.open(config, backing -> FailingDevice.open(backing, SEED, device::set));
        ExecutorService pool = Executors.newFixedThreadPool(THREADS + 1);
        try (PageStore store = PageStore.open(config, files)) {
            assertTrue(store.freed().begin(bits, 1));
            List<Player> players = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                players.add(new Player(store, i, isFailing));
            }
            SplittableRandom random = new SplittableRandom(SEED);
            for (int played = 0; played < OPERATIONS; played += ROUND) {
                playRound(pool, players, () -> change(store, lowestLimit, isFailing, random));
                String label = "seed " + SEED + " after " + played + " operations";
                awaitLimit(store, label);
                Invariants.checkPaused(store, files.parts(), label);
            }
            players.forEach(Player::checkAll);
            assertEquals(
                    players.stream().mapToLong(Player::stored).sum() * PageStore.SLOT_BYTES,
                    store.counters().get(Counter.ORIG_DATA_SIZE));
            assertTrue(store.counters().get(Counter.FREED_SLOTS) > 0);
            players.forEach(Player::invalidateAll);
            assertNothingIsLeft(store, files);
        } catch (ExecutionException e) {
            throw new AssertionError("seed " + SEED, e.getCause());
        } finally {
            pool.shutdownNow();
        }
    }

    private void playRound(ExecutorService pool, List<Player> players, Runnable change) throws Exception {
        isDone = false;
        List<Future<?>> futures = new ArrayList<>();
        players.forEach(player -> futures.add(pool.submit(player::play)));
        Future<?> changes = pool.submit(change);
        try {
            for (Future<?> future : futures) {
                future.get();
            }
        } finally {
            isDone = true;
        }
        changes.get();
    }

    /** What does not fit the limit fits the backing file. */
    private static void awaitLimit(PageStore store, String label) {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (store.counters().memoryUsed() > store.limit() && System.nanoTime() - end < 0) {
            LockSupport.parkNanos(1_000_000);
        }
        long used = store.counters().memoryUsed();
        assertTrue(used <= store.limit(), label + ": " + used + " bytes are used, " + store.limit() + " allowed");
    }

    private void change(PageStore store, long lowestLimit, boolean isFailing, SplittableRandom random) {
        String[] codecs = {"lz4", "zstd:1", "zstd:3", "lz4"};
        while (!isDone) {
            store.setCodec(CodecSpec.parse(codecs[random.nextInt(codecs.length)]));
            if (store.limit() >= lowestLimit) {
                store.setLimit(random.nextInt(3) == 0 ? StoreConfig.NO_LIMIT : lowestLimit + random.nextInt(4 << 20));
            }
            if (isFailing) {
                device.get().fail(random.nextInt(3) * 40);
            }
            LockSupport.parkNanos(2_000_000);
        }
        if (isFailing) {
            device.get().fail(0);
        }
    }

    private static void assertNothingIsLeft(PageStore store, StoreFiles files) throws IOException {
        for (Counter gauge : new Counter[] {
            Counter.ORIG_DATA_SIZE, Counter.COMPR_DATA_SIZE, Counter.SAME_PAGES, Counter.HUGE_PAGES, Counter.BD_COUNT
        }) {
            assertEquals(0, store.counters().get(gauge), gauge.label());
        }
        // What a spill or a compaction had in its hands is dropped when it is through.
        store.stopBackgroundWork();
        assertEquals(0, files.parts().regions().budget().liveBytes(), "bytes leaked in the pool");
        BackingFile backing = files.parts().file();
        assertEquals(0, backing == null ? 0 : backing.liveBytes(), "bytes leaked in the backing file");
    }

    /** One thread, the slots that it has, and the model of what they hold: the bytes, or null for a hole. */
    private final class Player {
        private final PageStore store;
        private final int id;
        private final boolean mayFail;
        private final SplittableRandom random;
        private final ByteBuffer[] model = new ByteBuffer[SLOTS / THREADS];

        /** What slots held that are freed, and may hold yet, if nothing was stored into them since. */
        private final ByteBuffer[] freed = new ByteBuffer[SLOTS / THREADS];

        private final ByteBuffer out = Pages.buffer();
        private final ByteBuffer zeroes = Pages.buffer();

        Player(PageStore store, int id, boolean mayFail) {
            this.store = store;
            this.id = id;
            this.mayFail = mayFail;
            this.random = new SplittableRandom(SEED + id);
        }

        void play() {
            try (Workspace work = store.workspace()) {
                for (int i = 0; i < ROUND; i++) {
                    int own = random.nextInt(model.length);
                    if (freed[own] == null) {
                        use(own, work);
                    } else {
                        reuse(own, work);
                    }
                }
                for (int own = 0; own < model.length; own++) {
                    if (freed[own] != null) {
                        invalidate(own, work); // A store that was refused has cleared the bit.
                    }
                }
            }
        }

        private void use(int own, Workspace work) {
            switch (random.nextInt(11)) {
                case 0, 1, 2, 3 -> store(own, work);
                case 4, 5, 6 -> check(own, work);
                case 7 -> patch(own, work);
                case 8 -> erase(own, work);
                case 9 -> invalidate(own, work);
                default -> free(own);
            }
        }

        private void reuse(int own, Workspace work) {
            if (random.nextInt(3) == 0) {
                check(own, work);
            } else {
                store(own, work);
            }
        }

        private void invalidate(int own, Workspace work) {
            store.invalidate(slot(own), work);
            model[own] = null;
            freed[own] = null;
        }

        private void free(int own) {
            freed[own] = model[own] == null ? zeroes : model[own];
            model[own] = null;
            long _ = (long) BITS.getAndBitwiseOr(bits, slot(own) / Long.SIZE * Long.BYTES, 1L << slot(own));
        }

        private long slot(int own) {
            return (long) own * THREADS + id;
        }

        private void store(int own, Workspace work) {
            ByteBuffer page = Pages.page(random.nextLong());
            int status = store.storeNow(slot(own), page, 0, work);
            if (status == StoreStatus.WOULD_WAIT) {
                check(own, work);
                status = store.store(slot(own), page, 0, work);
            }
            if (isDone(status, own)) {
                model[own] = page;
                freed[own] = null;
            }
        }

        private void patch(int own, Workspace work) {
            int begin = random.nextInt(PageStore.SLOT_BYTES);
            int length = 1 + random.nextInt(PageStore.SLOT_BYTES - begin);
            ByteBuffer page = Pages.page(random.nextLong());
            if (isDone(store.patch(slot(own), begin, length, page, 0, work), own)) {
                put(own, begin, page, length);
            }
        }

        private void erase(int own, Workspace work) {
            int begin = random.nextInt(PageStore.SLOT_BYTES);
            int length = 1 + random.nextInt(PageStore.SLOT_BYTES - begin);
            if (isDone(store.erase(slot(own), begin, length, work), own)) {
                put(own, begin, zeroes, length);
            }
        }

        private void put(int own, int begin, ByteBuffer from, int length) {
            ByteBuffer page = Pages.buffer();
            page.put(0, model[own] == null ? zeroes : model[own], 0, PageStore.SLOT_BYTES);
            page.put(begin, from, 0, length);
            model[own] = page;
        }

        private boolean isDone(int status, int own) {
            assertTrue(status == StoreStatus.OK || mayFail, "seed " + SEED + " slot " + slot(own) + ": " + status);
            return status == StoreStatus.OK;
        }

        private void check(int own, Workspace work) {
            int status = store.loadNow(slot(own), out, 0, work);
            if (status == StoreStatus.WOULD_WAIT) {
                status = store.load(slot(own), out, 0, work);
            }
            if (isDone(status, own)) {
                ByteBuffer expected = model[own] == null ? zeroes : model[own];
                boolean isRight = Pages.equal(expected, out) || freed[own] != null && Pages.equal(freed[own], out);
                assertTrue(isRight, "seed " + SEED + " slot " + slot(own) + " holds other bytes");
            }
        }

        /** After all faults have ended: what was accepted once is there, and no error is left. */
        void checkAll() {
            try (Workspace work = store.workspace()) {
                for (int own = 0; own < model.length; own++) {
                    assertEquals(StoreStatus.OK, store.load(slot(own), out, 0, work), "seed " + SEED);
                    check(own, work);
                }
            }
        }

        void invalidateAll() {
            try (Workspace work = store.workspace()) {
                for (int own = 0; own < model.length; own++) {
                    invalidate(own, work);
                }
            }
        }

        long stored() {
            long stored = 0;
            for (ByteBuffer page : model) {
                stored += page == null ? 0 : 1;
            }
            return stored;
        }
    }
}
