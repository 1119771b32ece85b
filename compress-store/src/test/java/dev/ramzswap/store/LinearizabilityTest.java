package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * All threads on the same few slots. Each page says which store made it; a load must return a whole one, of the right
 * slot, and none that another store had replaced before the load began: one that began after the first had ended, and
 * had ended itself. Partial writes of 8 bytes at the end of the page are counted: none may get lost.
 */
class LinearizabilityTest {
    private static final int SLOTS = 4;
    private static final int FILLER_SLOTS = 1500;
    private static final int THREADS = 4;
    private static final int OPERATIONS = 25_000;
    private static final int PATCH_OFFSET = PageStore.SLOT_BYTES - 8;
    private static final long SEED = Long.getLong("ramzswap.seed", System.nanoTime());

    @TempDir
    Path directory;

    private final AtomicLong clock = new AtomicLong();
    private final AtomicLongArray ends = new AtomicLongArray(THREADS * OPERATIONS + 1);
    private final AtomicLongArray newestStart = new AtomicLongArray(SLOTS);

    @Test
    void noTornNoStaleNoForeignPage() throws Exception {
        TestConfig config = new TestConfig(SLOTS + FILLER_SLOTS).limit(2 << 20).backing(directory.resolve("file"));
        StoreFiles files = StoreFiles.open(config.build(), BackingFile::open);
        try (PageStore store = PageStore.open(config.build(), files)) {
            run(store, this::play);
            Invariants.checkPaused(store, files.parts(), "seed " + SEED);
        }
    }

    private interface Player {
        void play(PageStore store, Workspace work, int id);
    }

    private static void run(PageStore store, Player player) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<?>> futures = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                int id = i;
                futures.add(pool.submit(() -> {
                    try (Workspace work = store.workspace()) {
                        player.play(store, work, id);
                    }
                }));
            }
            for (Future<?> future : futures) {
                future.get();
            }
        } finally {
            pool.shutdownNow();
        }
    }

    private void play(PageStore store, Workspace work, int id) {
        SplittableRandom random = new SplittableRandom(SEED + id);
        ByteBuffer page = Pages.buffer();
        for (int i = 1; i <= OPERATIONS; i++) {
            int slot = random.nextInt(SLOTS);
            switch (random.nextInt(3)) {
                case 0 -> store(store, slot, id * OPERATIONS + i, page, work);
                case 1 -> load(store, slot, page, work);
                default -> {
                    // Keeps the spiller and the compactor at work.
                    Pages.fill(page, random.nextLong());
                    int filler = SLOTS + random.nextInt(FILLER_SLOTS);
                    assertEquals(StoreStatus.OK, store.store(filler, page, 0, work));
                }
            }
        }
    }

    private void store(PageStore store, int slot, int stamp, ByteBuffer page, Workspace work) {
        stampedPage(page, slot, stamp);
        long start = clock.incrementAndGet();
        assertEquals(StoreStatus.OK, store.store(slot, page, 0, work));
        ends.set(stamp, clock.incrementAndGet());
        newestStart.accumulateAndGet(slot, start, Math::max);
    }

    private void load(PageStore store, int slot, ByteBuffer page, Workspace work) {
        long replacedBefore = newestStart.get(slot);
        assertEquals(StoreStatus.OK, store.load(slot, page, 0, work), "seed " + SEED);
        int stamp = page.getInt(0);
        if (stamp == 0) {
            assertEquals(0, replacedBefore, "zeroes, after a store had ended; seed " + SEED);
            return;
        }
        ByteBuffer expected = Pages.buffer();
        stampedPage(expected, slot, stamp);
        assertTrue(Pages.equal(expected, page), "torn or foreign page; seed " + SEED);
        long end = ends.get(stamp);
        assertTrue(end == 0 || end >= replacedBefore, "stale page; seed " + SEED);
    }

    /** Of one size for most stamps, so that holes are reused by the same slot, which is the hard case. */
    private static void stampedPage(ByteBuffer page, int slot, int stamp) {
        SplittableRandom random = new SplittableRandom(stamp);
        int words = stamp % 8 == 0 ? 512 : 100;
        for (int i = 0; i < 512; i++) {
            page.putLong(i * 8, i < words ? random.nextLong() : slot);
        }
        page.putInt(0, stamp);
    }

    @Test
    void noPartialWriteIsLost() throws Exception {
        AtomicIntegerArray written = new AtomicIntegerArray(THREADS);
        TestConfig config = new TestConfig(SLOTS + FILLER_SLOTS).limit(2 << 20).backing(directory.resolve("file"));
        StoreFiles files = StoreFiles.open(config.build(), BackingFile::open);
        try (PageStore store = PageStore.open(config.build(), files)) {
            run(store, (s, work, id) -> patch(s, work, id, written));
            Invariants.checkPaused(store, files.parts(), "seed " + SEED);
            try (Workspace work = store.workspace()) {
                ByteBuffer page = Pages.buffer();
                assertEquals(StoreStatus.OK, store.load(0, page, 0, work));
                for (int id = 0; id < THREADS; id++) {
                    assertEquals(written.get(id), page.getInt(PATCH_OFFSET - id * 8), "seed " + SEED);
                }
            }
        }
    }

    /** Each thread counts up in a word of its own in the same slot. */
    private static void patch(PageStore store, Workspace work, int id, AtomicIntegerArray written) {
        SplittableRandom random = new SplittableRandom(SEED + id);
        ByteBuffer word = Pages.buffer();
        ByteBuffer page = Pages.buffer();
        for (int i = 1; i <= OPERATIONS / 10; i++) {
            word.putInt(0, i);
            assertEquals(StoreStatus.OK, store.patch(0, PATCH_OFFSET - id * 8, 4, word, 0, work));
            written.set(id, i);
            assertEquals(StoreStatus.OK, store.load(0, page, 0, work));
            assertEquals(i, page.getInt(PATCH_OFFSET - id * 8), "seed " + SEED);
            Pages.fill(page, random.nextLong());
            assertEquals(StoreStatus.OK, store.store(SLOTS + random.nextInt(FILLER_SLOTS), page, 0, work));
        }
    }
}
