package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PageStoreTest {
    private static final int SLOTS = 4096;

    @TempDir
    Path directory;

    private final ByteBuffer out = Pages.buffer();

    @ParameterizedTest
    @ValueSource(strings = {"lz4", "zstd:1", "zstd:19"})
    void everyKindOfPageComesBack(String codec) throws IOException {
        try (PageStore store = PageStore.open(config().codec(codec).build());
                Workspace work = store.workspace()) {
            for (int slot = 0; slot < SLOTS; slot++) {
                assertEquals(StoreStatus.OK, store.store(slot, Pages.page(slot), 0, work));
            }
            for (int slot = 0; slot < SLOTS; slot++) {
                assertHolds(store, slot, Pages.page(slot), work);
            }
            assertEquals(SLOTS, counter(store, Counter.LOADS));
            assertEquals(SLOTS, counter(store, Counter.SUCC_STORES));
            assertEquals(SLOTS * 4096L, counter(store, Counter.ORIG_DATA_SIZE));
        }
    }

    @Test
    void aSlotNeverWrittenReadsAsZeroesAndIsNoLoad() throws IOException {
        try (PageStore store = PageStore.open(config().build());
                Workspace work = store.workspace()) {
            assertHolds(store, 17, Pages.page(Pages.Kind.ZERO, 0), work);
            assertEquals(PageStore.HOLE, store.extent(17));
            assertEquals(0, counter(store, Counter.LOADS));
            assertEquals(0, counter(store, Counter.MEM_USED_TOTAL), "reading costs no memory");
        }
    }

    @Test
    void theLargestDeviceIsServedWhole() throws IOException {
        long slots = PageStore.MOST_BYTES / PageStore.SLOT_BYTES;
        try (PageStore store = PageStore.open(new TestConfig(slots).build());
                Workspace work = store.workspace()) {
            assertEquals(StoreStatus.OK, store.store(slots - 1, Pages.page(1), 0, work));
            assertHolds(store, slots - 1, Pages.page(1), work);
        }
        StoreConfig larger = new TestConfig(slots / 7 * 8).build();
        assertThrows(IllegalArgumentException.class, () -> PageStore.open(larger));
    }

    /** Neither in the map's last page nor behind it. */
    @ParameterizedTest
    @ValueSource(longs = {-1, 1000, 1023, 1024})
    void thereIsNoSlotBehindTheEnd(long slot) throws IOException {
        ByteBuffer page = Pages.page(Pages.Kind.HALF, 1);
        try (PageStore store = PageStore.open(new TestConfig(1000).build());
                Workspace work = store.workspace()) {
            for (Executable operation : new Executable[] {
                () -> store.store(slot, page, 0, work),
                () -> store.storeNow(slot, page, 0, work),
                () -> store.patch(slot, 0, 8, page, 0, work),
                () -> store.erase(slot, 0, 8, work),
                () -> store.load(slot, out, 0, work),
                () -> store.loadNow(slot, out, 0, work),
                () -> store.invalidate(slot, work),
                () -> store.extent(slot)
            }) {
                assertThrows(IndexOutOfBoundsException.class, operation);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void overwriteInvalidateAndGaugesReturnToZero(Pages.Kind kind) throws IOException {
        try (PageStore store = PageStore.open(config().build());
                Workspace work = store.workspace()) {
            for (int i = 0; i < 3; i++) {
                ByteBuffer page = Pages.page(kind, i);
                store.store(5, page, 0, work);
                assertHolds(store, 5, page, work);
            }
            assertEquals(kind == Pages.Kind.ZERO ? PageStore.ZERO : PageStore.DATA, store.extent(5));
            boolean isFill = kind.ordinal() <= Pages.Kind.WIDE_FILL.ordinal();
            assertEquals(isFill ? 1 : 0, counter(store, Counter.SAME_PAGES));
            store.invalidate(5, work);
            store.invalidate(5, work);
            assertHolds(store, 5, Pages.page(Pages.Kind.ZERO, 0), work);
            assertEquals(1, counter(store, Counter.INVALIDATES));
            for (Counter gauge : new Counter[] {
                Counter.ORIG_DATA_SIZE, Counter.COMPR_DATA_SIZE, Counter.SAME_PAGES, Counter.HUGE_PAGES
            }) {
                assertEquals(0, counter(store, gauge), gauge.label());
            }
        }
    }

    @Test
    void sameFilledPagesTakeNoPool() throws IOException {
        try (PageStore store = PageStore.open(config().build());
                Workspace work = store.workspace()) {
            for (int slot = 0; slot < SLOTS; slot++) {
                store.store(slot, Pages.page(Pages.Kind.SAME_FILLED, slot), 0, work);
            }
            assertEquals(SLOTS, counter(store, Counter.SAME_PAGES));
            assertEquals(0, counter(store, Counter.COMPR_DATA_SIZE));
            assertEquals(SLOTS * 8L, counter(store, Counter.MEM_USED_TOTAL), "the map alone");
        }
    }

    @Test
    void partialWritesKeepTheNeighbours() throws IOException {
        try (PageStore store = PageStore.open(config().build());
                Workspace work = store.workspace()) {
            for (int i = 0; i < 200; i++) {
                ByteBuffer expected = Pages.page(i);
                store.store(9, expected, 0, work);
                int begin = i * 19 % 4096;
                int length = Math.min(4096 - begin, 1 + i * 7);
                assertEquals(StoreStatus.OK, store.patch(9, begin, length, Pages.page(i + 3), 0, work));
                expected.put(begin, Pages.page(i + 3), 0, length);
                assertHolds(store, 9, expected, work);
                assertEquals(StoreStatus.OK, store.erase(9, 0, begin + 1, work));
                expected.put(0, Pages.buffer(), 0, begin + 1);
                assertHolds(store, 9, expected, work);
            }
        }
    }

    @Test
    void aFullStoreSaysNoSpaceAndKeepsTheOldPage() throws IOException {
        try (PageStore store =
                        PageStore.open(config().limit(2 << 20).overcommit().build());
                Workspace work = store.workspace()) {
            int full = 0;
            while (store.store(full, Pages.page(Pages.Kind.INCOMPRESSIBLE, full), 0, work) == StoreStatus.OK) {
                full++;
            }
            assertTrue(full > 256, "only " + full + " pages fit in 2 MiB");
            assertEquals(StoreStatus.NO_SPACE, store.store(full, Pages.page(Pages.Kind.INCOMPRESSIBLE, 1), 0, work));
            assertHolds(store, 3, Pages.page(Pages.Kind.INCOMPRESSIBLE, 3), work);
            assertEquals(StoreStatus.NO_SPACE, store.store(3, Pages.page(Pages.Kind.INCOMPRESSIBLE, 99), 0, work));
            assertHolds(store, 3, Pages.page(Pages.Kind.INCOMPRESSIBLE, 3), work);
            assertTrue(counter(store, Counter.MEM_USED_MAX) <= 2 << 20);
            store.invalidate(4, work);
            assertEquals(StoreStatus.OK, store.store(3, Pages.page(Pages.Kind.COMPRESSIBLE, 99), 0, work));
        }
    }

    /** The kernel writes to a full device again and again: such a page must not take the time of a search for room. */
    @Test
    void aStoreFoundFullRefusesAtOnceUntilThereIsRoom() throws IOException {
        try (PageStore store =
                        PageStore.open(config().limit(2 << 20).overcommit().build());
                Workspace work = store.workspace()) {
            ByteBuffer page = Pages.page(Pages.Kind.INCOMPRESSIBLE, 1);
            int full = 0;
            while (store.store(full, page, 0, work) == StoreStatus.OK) {
                full++;
            }
            assertEquals(StoreStatus.NO_SPACE, store.storeNow(full, page, 0, work));
            store.invalidate(4, work);
            assertEquals(StoreStatus.OK, store.storeNow(full, page, 0, work));
            assertEquals(StoreStatus.NO_SPACE, store.store(4, page, 0, work));
            assertEquals(StoreStatus.NO_SPACE, store.storeNow(4, page, 0, work));
            store.setLimit(4 << 20);
            assertEquals(StoreStatus.OK, store.store(4, page, 0, work));
        }
    }

    @Test
    void whatCannotHoldTheWorstCaseIsRefused() {
        StoreConfig config = config().limit(8 << 20).build();
        String message = assertThrows(IllegalArgumentException.class, () -> PageStore.open(config))
                .getMessage();
        assertTrue(message.contains("MiB too little") && message.contains("overcommit"), message);
    }

    /** The daemon that runs can have neither of what its start is advised to take. */
    @Test
    void aLimitThatIsTooLowIsRefusedWithWhatHelpsThen() throws IOException {
        long limit = 8 << 20;
        long bytes = TestConfig.leastFileBytes(SLOTS, limit);
        try (PageStore alone = PageStore.open(config().build());
                PageStore beside = PageStore.open(config().limit(limit)
                        .backing(directory.resolve("file"), bytes)
                        .build())) {
            assertRefusesLimit(alone, "swap off and begin with --backing-file or --overcommit");
            assertRefusesLimit(beside, "swap off and begin with a larger --backing-size or --overcommit");
        }
    }

    private static void assertRefusesLimit(PageStore store, String cure) {
        String message = assertThrows(IllegalArgumentException.class, () -> store.setLimit(2 << 20))
                .getMessage();
        assertTrue(message.endsWith(" MiB too little: give a higher limit, or " + cure), message);
    }

    @Test
    void aStoreTooLargeForItsWordsIsRefused() {
        StoreConfig config = new TestConfig((8L << 40) / PageStore.SLOT_BYTES).build();
        String message = assertThrows(IllegalArgumentException.class, () -> PageStore.open(config))
                .getMessage();
        assertTrue(message.contains("7 TiB"), message);
    }

    @Test
    void aChangedCodecLeavesOldPagesReadable() throws IOException {
        try (PageStore store = PageStore.open(config().build());
                Workspace work = store.workspace()) {
            String[] codecs = {"lz4", "zstd:3", "lz4", "zstd:9"};
            for (int i = 0; i < codecs.length; i++) {
                store.setCodec(CodecSpec.parse(codecs[i]));
                assertEquals(
                        CodecSpec.parse(codecs[i]).toString(),
                        store.counters().snapshot().codec());
                store.store(i, Pages.page(Pages.Kind.COMPRESSIBLE, i), 0, work);
            }
            for (int i = 0; i < codecs.length; i++) {
                assertHolds(store, i, Pages.page(Pages.Kind.COMPRESSIBLE, i), work);
            }
        }
    }

    @Test
    void damagedRecordsAreErrorsAndHarmNoOtherSlot() throws IOException {
        try (PageStore store = PageStore.open(config().stateDirectory(directory).build());
                Workspace work = store.workspace()) {
            for (int slot = 0; slot < 3; slot++) {
                store.store(slot, Pages.page(Pages.Kind.COMPRESSIBLE, slot), 0, work);
            }
            // The records lie one after the other from the pool's first byte on; 40 is in the data of slot 0.
            try (RandomAccessFile pool =
                    new RandomAccessFile(directory.resolve("test.pool").toFile(), "rw")) {
                pool.seek(40);
                int value = pool.read();
                pool.seek(40);
                pool.write(value ^ 1);
            }
            assertEquals(StoreStatus.IO_ERROR, store.load(0, out, 0, work));
            assertEquals(StoreStatus.IO_ERROR, store.patch(0, 0, 10, Pages.page(1), 0, work));
            assertEquals(2, counter(store, Counter.IO_ERRORS));
            assertHolds(store, 1, Pages.page(Pages.Kind.COMPRESSIBLE, 1), work);
            assertEquals(StoreStatus.OK, store.store(0, Pages.page(Pages.Kind.COMPRESSIBLE, 7), 0, work));
            assertHolds(store, 0, Pages.page(Pages.Kind.COMPRESSIBLE, 7), work);
        }
    }

    @Test
    void aLoweredLimitSpillsAndARaisedOneLetsPagesComeBack() throws IOException {
        try (PageStore store = PageStore.open(
                        config().backing(directory.resolve("file")).build());
                Workspace work = store.workspace()) {
            for (int slot = 0; slot < SLOTS; slot++) {
                store.store(slot, Pages.page(slot), 0, work);
            }
            assertEquals(0, counter(store, Counter.BD_COUNT));
            store.setLimit(1 << 20);
            await(() -> counter(store, Counter.MEM_USED_TOTAL) <= 1 << 20);
            long spilled = counter(store, Counter.BD_COUNT);
            assertTrue(spilled > SLOTS / 3, spilled + " pages in the file");
            assertEquals(0, counter(store, Counter.HUGE_PAGES), "incompressible pages leave first");
            store.setLimit(StoreConfig.NO_LIMIT);
            for (int slot = 0; slot < SLOTS; slot++) {
                assertHolds(store, slot, Pages.page(slot), work);
            }
            assertTrue(counter(store, Counter.BD_COUNT) < spilled / 2, "what was read from the disk came back");
            for (int slot = 0; slot < SLOTS; slot++) {
                assertHolds(store, slot, Pages.page(slot), work);
            }
        }
    }

    @Test
    void pagesWrittenAreThoseThatStayedAndThoseThatWentToTheFile() throws IOException {
        try (PageStore store = PageStore.open(config().limit(1 << 20)
                        .backing(directory.resolve("file"))
                        .build());
                Workspace work = store.workspace()) {
            for (int i = 0; i < 3 * SLOTS; i++) {
                assertEquals(StoreStatus.OK, store.store(i % SLOTS, Pages.page(i), 0, work));
            }
            assertEquals(3 * SLOTS, counter(store, Counter.SUCC_STORES) + counter(store, Counter.FAILED_STORES));
            assertTrue(counter(store, Counter.FAILED_STORES) > SLOTS / 4);
            assertTrue(counter(store, Counter.MEM_USED_MAX) <= 1 << 20);
        }
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "nothing happens");
            LockSupport.parkNanos(5_000_000);
        }
    }

    @Test
    void aPoolFullOfGarbageIsErrorsAndNeitherOtherBytesNorTheEnd() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (PageStore store = PageStore.open(config().stateDirectory(directory).build());
                Workspace work = store.workspace()) {
            for (int i = 0; i < 3 * SLOTS; i++) {
                store.store(random.nextInt(SLOTS), Pages.page(i), 0, work);
            }
            byte[] garbage = new byte[(int) store.counters().memoryUsed()];
            random.nextBytes(garbage);
            try (RandomAccessFile pool =
                    new RandomAccessFile(directory.resolve("test.pool").toFile(), "rw")) {
                pool.write(garbage);
            }
            for (int i = 0; i < 3 * SLOTS; i++) {
                int slot = random.nextInt(SLOTS);
                store.load(slot, out, 0, work);
                if (i % 3 == 0) {
                    store.invalidate(slot, work);
                }
            }
            for (int slot = 0; slot < SLOTS / 4; slot++) {
                assertEquals(StoreStatus.OK, store.store(slot, Pages.page(slot), 0, work), "seed " + seed);
            }
            for (int slot = 0; slot < SLOTS; slot++) {
                int status = store.load(slot, out, 0, work);
                boolean isRight = slot >= SLOTS / 4 || Pages.equal(Pages.page(slot), out);
                assertTrue(status == StoreStatus.IO_ERROR || isRight, "other bytes; seed " + seed);
            }
        }
    }

    private void assertHolds(PageStore store, long slot, ByteBuffer page, Workspace work) {
        assertEquals(StoreStatus.OK, store.load(slot, out, 0, work));
        assertTrue(Pages.equal(page, out), "slot " + slot + " holds other bytes");
    }

    private static long counter(PageStore store, Counter counter) {
        return store.counters().get(counter);
    }

    private static TestConfig config() {
        return new TestConfig(SLOTS);
    }

    /** It left the page pinned, and the next partial write of the slot never ended. */
    @Test
    @Timeout(30)
    void aPartBeyondTheSlotIsRefusedAndNothingIsPinned() throws IOException {
        try (PageStore store = PageStore.open(new TestConfig(100).build());
                Workspace work = store.workspace()) {
            ByteBuffer page = Pages.page(Pages.Kind.HALF, 1);
            assertEquals(StoreStatus.OK, store.store(1, page, 0, work));
            assertThrows(IndexOutOfBoundsException.class, () -> store.patch(1, 4000, 200, page, 0, work));
            assertThrows(IndexOutOfBoundsException.class, () -> store.patch(1, 0, 200, page, 4000, work));
            assertThrows(IndexOutOfBoundsException.class, () -> store.erase(1, 4000, 200, work));
            assertEquals(StoreStatus.OK, store.patch(1, 0, 100, page, 0, work));
        }
    }
}
