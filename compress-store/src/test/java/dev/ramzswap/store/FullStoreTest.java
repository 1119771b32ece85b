package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.FailingDevice;
import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A store that is full, or as good as: every wait ends, whoever waits, and what fits is not refused. */
class FullStoreTest {
    private static final int THREADS = 8;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    @RegisterExtension
    private final Tmpfs tmpfs = new Tmpfs();

    /** Attack of 29 November: half pages overwritten by whole ones, with all that RAM can hold and no file. */
    @Test
    void pagesThatGrowFindTheRoomThatThereIs() throws Exception {
        long limit = 6 << 20;
        int slots = THREADS;
        while (Limit.poolPages(limit, slots + THREADS) >= slots + THREADS) {
            slots += THREADS;
        }
        StoreConfig config = new TestConfig(slots).limit(limit).build();
        StoreFiles files = StoreFiles.open(config, BackingFile::open);
        try (PageStore store = PageStore.open(config, files)) {
            int end = slots;
            runInThreads(id -> {
                try (Workspace work = store.workspace()) {
                    for (Pages.Kind odd : new Pages.Kind[] {Pages.Kind.HALF, Pages.Kind.INCOMPRESSIBLE}) {
                        for (int slot = id; slot < end; slot += THREADS) {
                            Pages.Kind kind = slot / THREADS % 2 == 0 ? Pages.Kind.INCOMPRESSIBLE : odd;
                            assertEquals(StoreStatus.OK, store.store(slot, Pages.page(kind, slot), 0, work));
                        }
                    }
                }
            });
            assertEquals(0, store.counters().get(Counter.REFUSED_STORES));
            store.stopBackgroundWork();
            Invariants.check(files.parts(), "grown");
        }
    }

    /** Attack of 29 November: nothing could be compacted any more, and nobody's store ended. */
    @Test
    void storesEndWhileTheLimitGoesBelowWhatIsLive() throws Exception {
        StoreConfig config = new TestConfig(4096).limit(6 << 20).overcommit().build();
        try (PageStore store = PageStore.open(config)) {
            long[] limits = {6 << 20, 1 << 20, 3 << 20, 64 << 10};
            runInThreads(id -> {
                SplittableRandom random = new SplittableRandom(id);
                ByteBuffer page = Pages.buffer();
                try (Workspace work = store.workspace()) {
                    for (int i = 0; i < 1000; i++) {
                        if (id == 0 && i % 100 == 0) {
                            store.setLimit(limits[i / 100 % limits.length]);
                        }
                        Pages.fill(page, random.nextInt(1000));
                        store.store(random.nextInt(4096), page, 0, work);
                    }
                }
            });
        }
    }

    /** Attack of 29 November: it kept the turn for ever. */
    @Test
    void anInterruptedStoreIntoAFullStoreEndsAndSoDoOthers() throws Exception {
        StoreConfig config = new TestConfig(4096).limit(2 << 20).overcommit().build();
        try (PageStore store = PageStore.open(config)) {
            fill(store);
            AtomicInteger stillInterrupted = new AtomicInteger();
            runInThreads(id -> {
                if (id % 2 == 0) {
                    Thread.currentThread().interrupt();
                }
                try (Workspace work = store.workspace()) {
                    int status = store.store(3000 + id, Pages.page(Pages.Kind.INCOMPRESSIBLE, id), 0, work);
                    assertEquals(StoreStatus.NO_SPACE, status);
                }
                stillInterrupted.addAndGet(Thread.interrupted() ? 1 : 0);
            });
            assertEquals(THREADS / 2, stillInterrupted.get());
        }
    }

    /** Seen once in {@link WorstCaseTest}: cleaning used up its reserve, and had no segment to begin with any more. */
    @Test
    void cleaningKeepsItsReserveWhateverItCannotMove() throws Exception {
        StoreConfig config = new TestConfig(4096)
                .limit(1 << 20)
                .overcommit()
                .backing(directory.resolve("file"), 50 * BackingFile.SEGMENT_BYTES)
                .build();
        StoreFiles files = StoreFiles.open(config, BackingFile::open);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            store.stopBackgroundWork();
            fillFile(store, work);
            Map<Long, Long> pinned = new HashMap<>();
            SlotMap map = files.parts().map();
            for (long slot = 0; slot < config.slots(); slot++) {
                long word = map.get(slot);
                if (Slot.kind(word) == Slot.KIND_FILE && slot % 64 == 0) {
                    map.compareAndSet(slot, word, Slot.pinned(word));
                    pinned.put(slot, word);
                } else if (slot % 3 == 0) {
                    store.invalidate(slot, work);
                }
            }
            clean(store, files.parts().file(), "while a page is pinned in each segment");
            pinned.forEach((slot, word) -> map.compareAndSet(slot, Slot.pinned(word), word));
            for (int i = 0; i < 1000 && files.parts().file().freeSegments() <= 8; i++) {
                clean(store, files.parts().file(), "afterwards");
                store.invalidate(i, work);
                LockSupport.parkNanos(1_000_000);
            }
            assertTrue(files.parts().file().freeSegments() > 2, "nothing could be cleaned any more");
            Invariants.check(files.parts(), "cleaned");
        }
    }

    /** Who is at work may have room in his hands, or free some: NO_SPACE waits for him. */
    @Test
    void noSpaceIsNotSaidWhileAnotherIsAtWork() throws Exception {
        StoreConfig config = new TestConfig(3000).limit(2 << 20).overcommit().build();
        try (PageStore store = PageStore.open(config);
                Workspace other = store.workspace()) {
            other.begin();
            AtomicInteger stored = new AtomicInteger();
            Thread thread = Thread.ofPlatform().daemon().start(() -> {
                try (Workspace work = store.workspace()) {
                    int slot = 0;
                    while (store.store(slot, Pages.page(Pages.Kind.INCOMPRESSIBLE, slot), 0, work) == StoreStatus.OK) {
                        stored.set(++slot);
                    }
                }
            });
            assertFalse(thread.join(Duration.ofSeconds(2)), "refused after " + stored);
            other.end();
            assertTrue(thread.join(PATIENCE), "the store does not end");
            assertTrue(stored.get() > 0);
        }
    }

    /** There is none, but for what compaction gathers from regions that are half empty. */
    @Test
    void aSlotWhoseWordHasNoMemoryYetGetsIt() throws Exception {
        StoreConfig config = new TestConfig(4096)
                .overcommit()
                .stateDirectory(tmpfs.mount(8 << 20))
                .build();
        try (PageStore store = PageStore.open(config);
                Workspace work = store.workspace()) {
            Daemons.store(store, work, 200, 0);
            for (int slot = 0; slot < 200; slot += 2) {
                store.invalidate(slot, work);
            }
            tmpfs.fill();
            assertEquals(StoreStatus.OK, store.store(4000, Pages.page(Pages.Kind.SAME_FILLED, 1), 0, work));
            tmpfs.fill();
            int slot = 0;
            while (store.store(slot, Daemons.page(slot), 0, work) == StoreStatus.OK) {
                slot++;
            }
            assertEquals(StoreStatus.NO_SPACE, store.store(3000, Pages.page(Pages.Kind.SAME_FILLED, 1), 0, work));
        }
    }

    /** That there is no memory for a slot's word says nothing of the room in the file, which cleaning makes. */
    @Test
    void aSlotWhoseWordFindsNoMemoryKeepsNoOtherFromRoom() throws Exception {
        int slots = 16 * 512;
        StoreConfig config = new TestConfig(slots)
                .limit(1 << 20)
                .overcommit()
                .backing(directory.resolve("file"), 20 * BackingFile.SEGMENT_BYTES)
                .stateDirectory(tmpfs.mount(16 << 20))
                .build();
        StoreFiles files = StoreFiles.open(config, BackingFile::open);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            Daemons.store(store, work, 900, 0);
            freeEveryOtherInFile(store, files.parts().map(), work);
            for (int slot = 1023; slot < slots / 2; slot += 512) {
                assertEquals(StoreStatus.OK, store.store(slot, Pages.page(Pages.Kind.SAME_FILLED, 1), 0, work));
            }
            refuseForWantOfAWord(slots / 2, store, work);
            int slot = 1024;
            store.keeper().pause();
            int status = StoreStatus.OK;
            while (status == StoreStatus.OK || work.isFileBusy) {
                slot += status == StoreStatus.OK ? 1 : 0;
                status = store.storeNow(slot, Daemons.page(slot), 0, work);
            }
            store.keeper().resume();
            assertEquals(StoreStatus.WOULD_WAIT, status, "slot " + slot);
            assertEquals(StoreStatus.OK, store.store(slot, Daemons.page(slot), 0, work), "slot " + slot);
        }
    }

    /** What it takes then gives memory. */
    @Test
    void aSlotWhoseWordFindsNoMemoryWaitsForAFileThatFailsForAMoment() throws Exception {
        int slots = 16 * 512;
        StoreConfig config = new TestConfig(slots)
                .limit(1 << 20)
                .overcommit()
                .backing(directory.resolve("file"), 40 * BackingFile.SEGMENT_BYTES)
                .stateDirectory(tmpfs.mount(16 << 20))
                .build();
        AtomicReference<FailingDevice> device = new AtomicReference<>();
        StoreFiles files = StoreFiles.open(config, backing -> FailingDevice.open(backing, 1, device::set));
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            device.get().fail(100);
            int slot = 0;
            while (store.storeNow(slot, Daemons.page(slot), 0, work) == StoreStatus.OK
                    || !files.parts().file().failsForAMoment()) {
                slot++;
            }
            tmpfs.fill();
            Thread thread = Thread.ofPlatform().daemon().start(() -> {
                try (Workspace own = store.workspace()) {
                    store.store(slots - 1, Pages.page(Pages.Kind.SAME_FILLED, 1), 0, own);
                }
            });
            assertFalse(thread.join(Duration.ofSeconds(1)), "refused");
            device.get().fail(0);
            assertTrue(thread.join(PATIENCE), "the store does not end");
        }
    }

    /** The kernel writes to a full device in vain for long: each page would cost a look through everything. */
    @Test
    void whoFindsNoMemoryForASlotsWordIsRefusedAtOnceAfterAnother() throws Exception {
        int slots = 16 * 512;
        StoreConfig config = new TestConfig(slots)
                .overcommit()
                .stateDirectory(tmpfs.mount(8 << 20))
                .build();
        try (PageStore store = PageStore.open(config);
                Workspace work = store.workspace()) {
            long end = System.nanoTime() + PATIENCE.toNanos();
            int status = StoreStatus.OK;
            while (status != StoreStatus.NO_SPACE && System.nanoTime() - end < 0) {
                refuseForWantOfAWord(0, store, work);
                status = store.storeNow(slots - 1, Pages.page(Pages.Kind.SAME_FILLED, 1), 0, work);
            }
            assertEquals(StoreStatus.NO_SPACE, status);
        }
    }

    /** Whose word is all that there is of it frees nothing: it would cost the next page a search each time. */
    @Test
    void aPageThatTakesNoRoomMakesNoneWhenItGoes() throws IOException {
        StoreConfig config = new TestConfig(4096).limit(2 << 20).overcommit().build();
        try (PageStore store = PageStore.open(config);
                Workspace work = store.workspace()) {
            fill(store);
            store.stopBackgroundWork();
            for (Pages.Kind kind : new Pages.Kind[] {Pages.Kind.SAME_FILLED, Pages.Kind.ZERO}) {
                assertEquals(StoreStatus.OK, store.store(4000, Pages.page(kind, 1), 0, work));
                assertEquals(StoreStatus.NO_SPACE, store.storeNow(3000, Daemons.page(1), 0, work), "stored: " + kind);
                assertEquals(StoreStatus.OK, store.store(4000, Pages.page(kind, 2), 0, work));
                store.invalidate(4000, work);
                store.invalidate(4000, work);
                assertEquals(StoreStatus.NO_SPACE, store.storeNow(3000, Daemons.page(1), 0, work), "dropped: " + kind);
            }
            store.invalidate(0, work);
            assertEquals(StoreStatus.OK, store.storeNow(3000, Daemons.page(1), 0, work));
        }
    }

    private static void freeEveryOtherInFile(PageStore store, SlotMap map, Workspace work) {
        for (long slot = map.nextUsed(0); slot < map.slots(); slot = map.nextUsed(slot + 1)) {
            if (Slot.kind(map.get(slot)) == Slot.KIND_FILE && slot % 2 == 0) {
                store.invalidate(slot, work);
            }
        }
    }

    /** Compaction may give memory to the words of the first ones. */
    private void refuseForWantOfAWord(int first, PageStore store, Workspace work) throws IOException {
        int status = StoreStatus.OK;
        for (int slot = first; status == StoreStatus.OK; slot += 512) {
            tmpfs.fill();
            status = store.store(slot, Pages.page(Pages.Kind.SAME_FILLED, 1), 0, work);
        }
        assertEquals(StoreStatus.NO_SPACE, status);
    }

    /** Until the file takes no more for good: what is being written may make room. */
    private static void fillFile(PageStore store, Workspace work) {
        int refusals = 0;
        for (long slot = 0; refusals < 100; ) {
            boolean isStored =
                    store.storeNow(slot, Pages.page(Pages.Kind.INCOMPRESSIBLE, slot), 0, work) == StoreStatus.OK;
            slot += isStored ? 1 : 0;
            refusals = isStored ? 0 : refusals + 1;
            LockSupport.parkNanos(isStored ? 0 : 1_000_000);
        }
    }

    private static void clean(PageStore store, BackingFile file, String when) {
        for (int i = 0; i < 100; i++) {
            store.keeper().keepFile();
            assertTrue(file.freeSegments() > 0, when);
        }
    }

    private static void fill(PageStore store) throws IOException {
        try (Workspace work = store.workspace()) {
            int slot = 0;
            while (store.store(slot, Pages.page(Pages.Kind.INCOMPRESSIBLE, slot), 0, work) == StoreStatus.OK) {
                slot++;
            }
            assertTrue(slot < 3000);
        }
    }

    private interface Player {
        void play(int id);
    }

    private static void runInThreads(Player player) throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        List<Throwable> failures = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            int id = i;
            threads.add(Thread.ofPlatform().daemon().start(() -> {
                try {
                    player.play(id);
                } catch (Throwable e) {
                    synchronized (failures) {
                        failures.add(e);
                    }
                }
            }));
        }
        for (Thread thread : threads) {
            assertTrue(thread.join(PATIENCE), "a store does not end");
            assertFalse(thread.isAlive());
        }
        assertEquals(List.of(), failures);
    }
}
