package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecoveryTest {
    private static final int SLOTS = 2048;

    @TempDir
    Path directory;

    @RegisterExtension
    private final Ramfs ramfs = new Ramfs();

    private final ByteBuffer out = Pages.buffer();

    @Test
    void aLaterStoreFindsEveryPageAndTheSameGauges() throws IOException, InterruptedException {
        reopenAgainAndAgain(new TestConfig(SLOTS).stateDirectory(directory));
    }

    @Test
    void pagesInTheBackingFileAreFoundToo() throws IOException, InterruptedException {
        reopenAgainAndAgain(
                new TestConfig(SLOTS).stateDirectory(directory).limit(2 << 20).backing(directory.resolve("backing")));
    }

    @Test
    void soItDoesWithTheStateOnRamfs() throws IOException, InterruptedException {
        reopenAgainAndAgain(new TestConfig(SLOTS).ahead(1 << 20).stateDirectory(ramfs.directory()));
    }

    private void reopenAgainAndAgain(TestConfig config) throws IOException, InterruptedException {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        long[] model = new long[SLOTS];
        java.util.Arrays.fill(model, -1);
        long orig = 0;
        long compressed = 0;
        long written = 0;
        for (int round = 0; round < 5; round++) {
            StoreFiles files = StoreFiles.open(config.build(), BackingFile::open);
            try (PageStore store = PageStore.open(config.build(), files);
                    Workspace work = store.workspace()) {
                Invariants.checkPaused(store, files.parts(), "seed " + seed + " taken over in round " + round);
                Counters counters = store.counters();
                assertEquals(orig, counters.get(Counter.ORIG_DATA_SIZE), "seed " + seed);
                // A pool that is near its limit may have spilled by now; nothing else changes its content.
                boolean isSame = counters.get(Counter.COMPR_DATA_SIZE) == compressed;
                assertTrue(isSame || counters.get(Counter.BD_WRITES) > written, "seed " + seed);
                for (int slot = 0; slot < SLOTS; slot++) {
                    assertEquals(StoreStatus.OK, store.load(slot, out, 0, work), "seed " + seed + " slot " + slot);
                    ByteBuffer expected = model[slot] < 0 ? Pages.buffer() : Pages.page(model[slot]);
                    assertTrue(Pages.equal(expected, out), "seed " + seed + " round " + round + " slot " + slot);
                }
                for (int i = 0; i < 2 * SLOTS; i++) {
                    int slot = random.nextInt(SLOTS);
                    if (random.nextInt(4) == 0) {
                        store.invalidate(slot, work);
                        model[slot] = -1;
                    } else {
                        model[slot] = random.nextInt(1 << 20);
                        assertEquals(StoreStatus.OK, store.store(slot, Pages.page(model[slot]), 0, work));
                    }
                }
                store.stopBackgroundWork();
                Invariants.check(files.parts(), "seed " + seed + " after round " + round);
                orig = counters.get(Counter.ORIG_DATA_SIZE);
                compressed = counters.get(Counter.COMPR_DATA_SIZE);
                written = counters.get(Counter.BD_WRITES);
            }
        }
    }

    @Test
    void aWordThatPointsNowhereIsALostPageAndNothingElse() throws IOException {
        TestConfig config = new TestConfig(SLOTS).stateDirectory(directory);
        try (PageStore store = PageStore.open(config.build());
                Workspace work = store.workspace()) {
            store.store(1, Pages.page(Pages.Kind.HALF, 1), 0, work);
            store.store(2, Pages.page(Pages.Kind.HALF, 2), 0, work);
        }
        try (RandomAccessFile map =
                new RandomAccessFile(directory.resolve("test.map").toFile(), "rw")) {
            map.seek(8);
            map.writeLong(Long.reverseBytes(Slot.inPool(Codec.LZ4, 1000, 1L << 40)));
        }
        try (PageStore store = PageStore.open(config.build());
                Workspace work = store.workspace()) {
            assertEquals(StoreStatus.IO_ERROR, store.load(1, out, 0, work));
            assertEquals(StoreStatus.OK, store.load(2, out, 0, work));
            assertTrue(Pages.equal(Pages.page(Pages.Kind.HALF, 2), out));
            assertEquals(StoreStatus.OK, store.store(1, Pages.page(Pages.Kind.HALF, 3), 0, work));
            assertEquals(StoreStatus.OK, store.load(1, out, 0, work));
            store.invalidate(1, work);
            store.invalidate(2, work);
            for (Counter gauge : new Counter[] {Counter.ORIG_DATA_SIZE, Counter.COMPR_DATA_SIZE, Counter.SAME_PAGES}) {
                assertEquals(0, store.counters().get(gauge), gauge.label());
            }
        }
    }

    /** What tells a record from a hole is not needed to find a record: whatever is there, no page is lost. */
    @ParameterizedTest
    @ValueSource(ints = {1, 10, 100, 300, 600, 9000, 0x3fff, 0x8004, 0xc020, 0xffff})
    void aRecordThatLooksLikeAHoleIsFoundAllTheSame(int form) throws IOException {
        TestConfig config = new TestConfig(SLOTS).stateDirectory(directory);
        try (PageStore store = PageStore.open(config.build());
                Workspace work = store.workspace()) {
            for (int slot = 0; slot < SLOTS; slot++) {
                store.store(slot, Pages.page(Pages.Kind.HALF, slot), 0, work);
            }
        }
        int damaged = 100;
        try (RandomAccessFile map =
                        new RandomAccessFile(directory.resolve("test.map").toFile(), "r");
                RandomAccessFile pool =
                        new RandomAccessFile(directory.resolve("test.pool").toFile(), "rw")) {
            map.seek(damaged * Long.BYTES);
            long place = Slot.place(Long.reverseBytes(map.readLong()));
            pool.seek(place + 4);
            pool.writeShort(Short.reverseBytes((short) form));
        }
        try (PageStore store = PageStore.open(config.build());
                Workspace work = store.workspace()) {
            for (int slot = 0; slot < SLOTS; slot++) {
                assertEquals(StoreStatus.OK, store.load(slot, out, 0, work), "slot " + slot);
                assertTrue(Pages.equal(Pages.page(Pages.Kind.HALF, slot), out), "slot " + slot);
            }
            for (int slot = 0; slot < SLOTS; slot++) {
                assertEquals(StoreStatus.OK, store.store(slot, Pages.page(Pages.Kind.HALF, -slot), 0, work));
            }
            for (int slot = 0; slot < SLOTS; slot++) {
                assertEquals(StoreStatus.OK, store.load(slot, out, 0, work));
                assertTrue(Pages.equal(Pages.page(Pages.Kind.HALF, -slot), out), "slot " + slot);
            }
        }
    }

    @Test
    void stateOfAnotherSizeIsRefusedAndLeftAlone() throws IOException {
        TestConfig config = new TestConfig(SLOTS).stateDirectory(directory);
        PageStore.open(config.build()).close();
        StoreConfig other = new TestConfig(2 * SLOTS).stateDirectory(directory).build();
        assertThrows(IOException.class, () -> PageStore.open(other));
        PageStore.open(config.build()).close();
    }

    /** So few slots fewer that all files have the same size. */
    @Test
    void stateOfAFewSlotsMoreIsRefusedAndLeftAlone() throws IOException {
        TestConfig config = new TestConfig(SLOTS - 10).stateDirectory(directory);
        Daemons.store(config.build(), SLOTS - 10, 0);
        StoreConfig other = new TestConfig(SLOTS - 20).stateDirectory(directory).build();
        String message =
                assertThrows(IOException.class, () -> PageStore.open(other)).getMessage();
        assertTrue(message.contains("is of a store of 2038 slots, not 2028"), message);
        assertEquals(new Daemons.Found(SLOTS - 10, 0, 0), Daemons.load(config.build(), SLOTS - 10, 0));
    }

    @Test
    void aNewMapMayBeOfAnotherSize() throws IOException {
        PageStore.open(new TestConfig(SLOTS).stateDirectory(directory).build()).close();
        Files.delete(directory.resolve("test.map"));
        Files.delete(directory.resolve("test.pool"));
        StoreConfig other = new TestConfig(2 * SLOTS).stateDirectory(directory).build();
        PageStore.open(other).close();
        assertEquals(
                2 * SLOTS, Counters.read(directory.resolve("test.counters")).slots());
        StoreState.awaitFree(other, () -> {});
        PageStore.open(other).close();
    }

    @Test
    void aStoreIsKnownByItsIdentityUntilItBeginsAnew() throws IOException {
        StoreConfig config = new TestConfig(SLOTS).stateDirectory(directory).build();
        long first = identity(config);
        assertEquals(first, identity(config));
        Files.delete(directory.resolve("test.map"));
        long second = identity(config);
        assertNotEquals(first, second);
        Files.delete(directory.resolve("test.counters"));
        assertNotEquals(second, identity(config));
    }

    /** That is done when the map is there already, so the next daemon takes a store over that has no counters. */
    @Test
    void whoWasKilledBeforeHeHadWrittenTheCountersLeavesAStoreToTakeOver() throws IOException {
        StoreConfig config = new TestConfig(SLOTS).stateDirectory(directory).build();
        PageStore.open(config).close();
        Files.write(directory.resolve("test.counters"), new byte[Counters.FILE_BYTES]);
        StoreState.awaitFree(config, () -> {});
        try (PageStore store = PageStore.open(config)) {
            assertTrue(store.isTakenOver());
            assertEquals("test", store.counters().snapshot().name());
            assertEquals(SLOTS, store.counters().snapshot().slots());
            assertNotEquals(0, store.counters().identity());
        }
    }

    /** What compaction had opened for it is among the regions, and the limit full. */
    @ParameterizedTest
    @ValueSource(longs = {0, 1 << 20})
    void afterAnEvacuationThatWasCutShortMemoryStaysWithinTheLimit(long ahead) throws IOException {
        StoreConfig config = new TestConfig(SLOTS)
                .limit(3 << 20)
                .overcommit()
                .ahead(ahead)
                .stateDirectory(directory)
                .build();
        int again = 12;
        StoreFiles files = StoreFiles.open(config, BackingFile::open);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            int slot = 0;
            while (store.store(slot, Pages.page(Pages.Kind.INCOMPRESSIBLE, slot), 0, work) == StoreStatus.OK) {
                slot++;
            }
            store.stopBackgroundWork();
            for (int i = 0; i < again; i++) {
                store.invalidate(i, work);
            }
            cutEvacuationShort(files.parts());
        }
        try (PageStore store = PageStore.open(config);
                Workspace work = store.workspace()) {
            for (int slot = 0; slot < again; slot++) {
                ByteBuffer page = Pages.page(Pages.Kind.INCOMPRESSIBLE, slot);
                assertEquals(StoreStatus.OK, store.store(slot, page, 0, work));
                store.keeper().look(1_000_000_000);
            }
            long most = store.counters().get(Counter.MEM_USED_MAX);
            assertTrue(most <= store.limit(), most + " of " + store.limit());
        }
    }

    private static void cutEvacuationShort(Parts parts) throws IOException {
        RegionTable regions = parts.regions();
        parts.regionMemory().adjust();
        PoolCompactor compactor = new PoolCompactor(parts, new Ownership(parts, new Fullness()));
        AtomicInteger moves = new AtomicInteger();
        new Evacuation(parts.map(), parts.pool())
                .run(
                        regions.rings.emptiest(Region.BYTES),
                        (slot, word) -> moves.getAndIncrement() < 25 && compactor.move(slot, word));
        assertTrue(regions.budget().exceeds());
    }

    @Test
    void countersOfAnEarlierDaemonWhichHaveOneHeadOnlyGetTheCopies() throws IOException {
        StoreConfig config = new TestConfig(SLOTS).stateDirectory(directory).build();
        long identity = identity(config);
        clearCopy(1);
        clearCopy(2);
        assertEquals(identity, identity(config));
        clearCopy(0);
        assertEquals(identity, identity(config));
    }

    private void clearCopy(int copy) throws IOException {
        try (RandomAccessFile counters =
                new RandomAccessFile(directory.resolve("test.counters").toFile(), "rw")) {
            counters.seek(CountersHead.COPIES[copy]);
            counters.write(new byte[CountersHead.BYTES]);
        }
    }

    private static long identity(StoreConfig config) throws IOException {
        try (PageStore store = PageStore.open(config)) {
            assertEquals(
                    store.counters().identity(),
                    Counters.read(store.counters().path()).identity());
            return store.counters().identity();
        }
    }

    @Test
    void twoStoresCannotHaveTheSameState() throws IOException {
        StoreConfig config = new TestConfig(SLOTS).stateDirectory(directory).build();
        try (PageStore first = PageStore.open(config)) {
            assertEquals(SLOTS, first.slots());
            String message = assertThrows(IOException.class, () -> PageStore.open(config))
                    .getMessage();
            assertTrue(message.contains("in use"), message);
        }
    }
}
