package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Contract 5: one flipped bit, wherever it is in what a store remembers, costs the one page at most that it belongs to:
 * that page is right or an error, no other page changes, nothing is thrown, nothing hangs.
 */
class FlippedBitTest {
    private static final int SLOTS = 1024;

    /** Slots whose words and records are damaged: a page of each kind, and one that was never stored. */
    private static final int[] VICTIMS = {0, 1, 2, 3, 4, 5, 6, 7, SLOTS - 1};

    private static final int LAST_STORED = 200;
    private static final ByteBuffer[] PAGES =
            IntStream.range(0, LAST_STORED).mapToObj(Pages::page).toArray(ByteBuffer[]::new);

    @TempDir
    Path directory;

    private final ByteBuffer out = Pages.buffer();
    private final ByteBuffer zeroes = Pages.buffer();
    private StoreFiles files;
    private PageStore store;
    private Workspace work;

    private TestConfig config() {
        return new TestConfig(SLOTS).limit(512 << 10).overcommit().backing(directory.resolve("file"));
    }

    private void open(StoreConfig config) throws IOException {
        files = StoreFiles.open(config, BackingFile::open);
        store = PageStore.open(config, files);
        work = store.workspace();
    }

    private void fill() {
        for (int slot = 0; slot < LAST_STORED; slot++) {
            assertEquals(StoreStatus.OK, store.store(slot, Pages.page(slot), 0, work));
        }
    }

    private void close() {
        work.close();
        store.close();
    }

    private ByteBuffer expected(int slot) {
        return slot < LAST_STORED ? PAGES[slot] : zeroes;
    }

    private int load(int slot, String what) {
        int status = store.load(slot, out, 0, work);
        assertTrue(
                status == StoreStatus.IO_ERROR || status == StoreStatus.OK && Pages.equal(expected(slot), out),
                () -> what + ": slot " + slot + ", status " + status);
        return status;
    }

    private void checkOthers(int victim, String what) {
        for (int slot = 0; slot < LAST_STORED; slot++) {
            if (slot != victim) {
                assertEquals(StoreStatus.OK, load(slot, what), what + ": slot " + slot);
            }
        }
    }

    /** The slot takes a new page, which is dropped and stored again, and harms nobody. */
    private void renew(int victim, String what) {
        assertEquals(StoreStatus.OK, store.store(victim, Pages.page(Pages.Kind.HALF, 9), 0, work), what);
        store.invalidate(victim, work);
        if (victim < LAST_STORED) {
            assertEquals(StoreStatus.OK, store.store(victim, Pages.page(victim), 0, work), what);
        }
        assertEquals(StoreStatus.OK, load(victim, what), what);
    }

    @Test
    void inAWordUnderAStore() {
        assertTimeoutPreemptively(Duration.ofMinutes(2), () -> {
            open(config().build());
            fill();
            SlotMap map = files.parts().map();
            for (int victim : VICTIMS) {
                for (int bit = 0; bit < 64; bit++) {
                    String what = "bit " + bit + " of the word of slot " + victim;
                    long word = map.get(victim);
                    map.exchange(victim, word ^ 1L << bit);
                    load(victim, what);
                    int patched = store.patch(victim, 8, 8, zeroes, 8, work);
                    assertTrue(patched == StoreStatus.IO_ERROR || patched == StoreStatus.OK, what);
                    renew(victim, what);
                    checkOthers(victim, what);
                }
            }
            close();
        });
    }

    @Test
    void inTheHeaderOfARecordUnderAStore() {
        assertTimeoutPreemptively(Duration.ofMinutes(2), () -> {
            open(new TestConfig(SLOTS).build());
            fill();
            SlotMap map = files.parts().map();
            for (int victim : VICTIMS) {
                for (int bit = 0; bit < 8 * Record.HEADER_BYTES; bit++) {
                    long word = map.get(victim);
                    if (Slot.kind(word) == Slot.KIND_POOL) {
                        String what = "bit " + bit + " of the record of slot " + victim;
                        flip(files.parts().pool().memory(), Slot.place(word) + bit / 8, bit % 8);
                        load(victim, what);
                        renew(victim, what);
                        checkOthers(victim, what);
                    }
                }
            }
            for (int slot = 0; slot < LAST_STORED; slot++) {
                store.invalidate(slot, work);
            }
            close();
        });
    }

    private static void flip(MemorySegment memory, long at, int bit) {
        memory.set(JAVA_BYTE, at, (byte) (memory.get(JAVA_BYTE, at) ^ 1 << bit));
    }

    @ParameterizedTest
    @FieldSource("VICTIMS")
    void inAWordBeforeATakeover(int victim) {
        assertTimeoutPreemptively(Duration.ofMinutes(1), () -> {
            StoreConfig config = config().stateDirectory(directory).build();
            open(config);
            fill();
            close();
            for (int bit = 0; bit < 64; bit++) {
                String what = "bit " + bit + " of the word of slot " + victim;
                flipInFile("map", victim * 8L + bit / 8, bit % 8);
                open(config);
                assertTrue(store.isTakenOver());
                load(victim, what);
                checkOthers(victim, what);
                renew(victim, what);
                close();
            }
        });
    }

    /** By a daemon whose backing file was to have another size: what is known of it, and not that, is what counts. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void inASizeWithOneBitBeforeATakeover(int copy) throws IOException {
        TestConfig config = config().stateDirectory(directory);
        open(config.backing(directory.resolve("file"), 64 << 20).build());
        fill();
        close();
        long bytes = BackingHead.capacityIn(directory.resolve("test.backing"));
        assertEquals(1, Long.bitCount(bytes), "bytes of the backing file: " + bytes);
        int bit = Long.numberOfTrailingZeros(bytes);
        flipInFile("backing", 1024L * copy + 64 + bit / 8, bit % 8);
        open(config.backing(directory.resolve("file"), 256 << 20).build());
        checkOthers(-1, "copy " + copy);
        close();
    }

    /** Of the first of two holes of one size, or of the second: what it is, and its links. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void inAHoleUnderAStore(boolean isFirst) {
        assertTimeoutPreemptively(Duration.ofMinutes(2), () -> {
            open(new TestConfig(SLOTS).build());
            store.stopBackgroundWork();
            fill();
            Pool pool = files.parts().pool();
            Relister relister =
                    new Relister(files.parts(), new Ownership(files.parts(), new Fullness()), new Activity());
            for (int bit = 0; bit < 8 * Holes.LEAST_LISTED << Record.UNIT_SHIFT; bit++) {
                String what = "bit " + bit + " of a hole";
                store.invalidate(6, work);
                store.invalidate(13, work);
                long first = pool.lists().first(Record.MAX_UNITS);
                long second = pool.holes().next(first);
                assertNotEquals(Holes.NONE, second, what);
                flip(pool.memory(), (isFirst ? first : second) + bit / 8, bit % 8);
                renew(6, what);
                renew(13, what);
                checkOthers(-1, what);
                while (relister.relist() == Look.GAINED) {}
                Invariants.check(files.parts(), what);
            }
            close();
        });
    }

    /** Review of 27 November, 1.4: a word that points to another slot's record took that one with it. */
    @Test
    void aWordThatIsAnotherSlotsCostsOnlyItsOwnSlot() throws IOException {
        StoreConfig config = new TestConfig(SLOTS).stateDirectory(directory).build();
        open(config);
        for (int slot = 0; slot < 100; slot++) {
            assertEquals(StoreStatus.OK, store.store(slot, Pages.page(Pages.Kind.HALF, slot), 0, work));
        }
        close();
        try (RandomAccessFile map =
                new RandomAccessFile(directory.resolve("test.map").toFile(), "rw")) {
            map.seek(7 * 8);
            long word = map.readLong();
            map.seek(5 * 8);
            map.writeLong(word);
        }
        open(config);
        assertEquals(StoreStatus.IO_ERROR, store.load(5, out, 0, work));
        store.invalidate(5, work);
        for (int round = 0; round < 3; round++) {
            for (int slot = 200; slot < 300; slot++) {
                assertEquals(StoreStatus.OK, store.store(slot, Pages.page(Pages.Kind.HALF, slot + round), 0, work));
            }
            for (int slot = 0; slot < 100; slot++) {
                if (slot != 5) {
                    assertEquals(StoreStatus.OK, store.load(slot, out, 0, work), "slot " + slot);
                    assertTrue(Pages.equal(Pages.page(Pages.Kind.HALF, slot), out), "slot " + slot);
                }
            }
            store.store(7, Pages.page(Pages.Kind.HALF, 7), 0, work);
        }
        close();
    }

    /** Whatever another process reads then: it reads something, and the store does not mind. */
    @Test
    void inTheCountersUnderAStore() {
        assertTimeoutPreemptively(Duration.ofMinutes(2), () -> {
            open(config().stateDirectory(directory).build());
            fill();
            long identity = store.counters().identity();
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment counters = mapped("counters", arena);
                for (int at = 0; at < Counters.FILE_BYTES; at++) {
                    flipCounters(counters, at, identity);
                    if (at % 64 == 63) {
                        checkOthers(-1, "byte " + at + " of the counters");
                    }
                }
            }
            close();
        });
    }

    private void flipCounters(MemorySegment counters, int at, long identity) throws IOException {
        for (int bit = 0; bit < 8; bit++) {
            String what = "bit " + bit + " of byte " + at + " of the counters";
            flip(counters, at, bit);
            checkHead(store.counters().snapshot(), identity, what);
            if (bit == at % 8) {
                checkHead(Counters.read(store.counters().path()), identity, what);
                useCounters(at, what);
            }
            flip(counters, at, bit);
        }
    }

    private static void checkHead(Counters.Snapshot snapshot, long identity, String what) {
        assertEquals("test", snapshot.name(), what);
        assertEquals(SLOTS, snapshot.slots(), what);
        assertEquals("lz4", snapshot.codec(), what);
        assertEquals(identity, snapshot.identity(), what);
    }

    /** One of each operation, on another slot each time. */
    private void useCounters(int number, String what) {
        int slot = number % LAST_STORED;
        store.setLimit(store.limit());
        assertEquals(StoreStatus.OK, load(slot, what), what);
        renew(slot, what);
    }

    /** The same bit of all words at once, each in one copy: a word is mended whatever is the matter with others. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void inTheHeadOfTheCountersBeforeATakeover(int copy) {
        assertTimeoutPreemptively(Duration.ofMinutes(2), () -> {
            StoreConfig config = new TestConfig(SLOTS).stateDirectory(directory).build();
            open(config);
            fill();
            long identity = store.counters().identity();
            close();
            for (int bit = 0; bit < 64; bit++) {
                String what = "bit " + bit + " of each word of the head of the counters";
                flipInEachWordOfTheHead(copy, bit);
                StoreState.awaitFree(config, () -> {});
                open(config);
                assertTrue(store.isTakenOver(), what);
                checkHead(store.counters().snapshot(), identity, what);
                checkOthers(-1, what);
                close();
            }
        });
    }

    private void flipInEachWordOfTheHead(int firstCopy, int bit) throws IOException {
        for (int word = 0; word < CountersHead.BYTES / Long.BYTES; word++) {
            int copy = CountersHead.COPIES[(firstCopy + word) % CountersHead.COPIES.length];
            flipInFile("counters", copy + word * 8L + bit / 8, bit % 8);
        }
    }

    /** The same bit of all counters at once: they are summed up, but do not depend on each other. */
    @Test
    void inEveryCounterBeforeATakeover() {
        assertTimeoutPreemptively(Duration.ofMinutes(2), () -> {
            StoreConfig config = config().stateDirectory(directory).build();
            open(config);
            fill();
            close();
            for (int bit = 0; bit < 64; bit++) {
                String what = "bit " + bit + " of every counter";
                flipInEachCounter(bit);
                open(config);
                store.stopBackgroundWork();
                assertTrue(store.isTakenOver(), what);
                assertEquals(512 << 10, store.counters().get(Counters.Counter.MEM_LIMIT), what);
                assertEquals(
                        store.counters().get(Counters.Counter.MEM_USED_TOTAL),
                        store.counters().get(Counters.Counter.MEM_USED_MAX),
                        what);
                Invariants.check(files.parts(), what);
                checkOthers(-1, what);
                close();
            }
        });
    }

    /** Of a page of each kind that can be spilled: where it lies in memory until it is written. */
    @Test
    void inAStagedRecordUnderAStore() {
        assertTimeoutPreemptively(Duration.ofMinutes(2), () -> {
            open(stagingConfig());
            fill();
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment backing = mapped("backing", arena);
                for (int victim : new int[] {3, 4, 5, 6}) {
                    long place = stage(victim, backing);
                    String what = "the staged record of slot " + victim;
                    int bytes = Record.HEADER_BYTES
                            + Slot.length(files.parts().map().get(victim));
                    for (int bit = 0; bit < 8 * bytes; bit++) {
                        flip(backing, place + bit / 8, bit % 8);
                        load(victim, "bit " + bit + " of " + what);
                        flip(backing, place + bit / 8, bit % 8);
                    }
                    assertEquals(StoreStatus.OK, load(victim, what));
                    flip(backing, place + Record.HEADER_BYTES, 0);
                    assertEquals(StoreStatus.IO_ERROR, load(victim, what));
                    assertEquals(StoreStatus.IO_ERROR, store.patch(victim, 8, 8, zeroes, 8, work), what);
                    checkOthers(victim, what);
                    renew(victim, what);
                }
            }
            close();
        });
    }

    /** It is written to the file as it is then, encrypted. */
    @ParameterizedTest
    @ValueSource(ints = {4, 6})
    void inAStagedRecordBeforeATakeover(int victim) {
        assertTimeoutPreemptively(Duration.ofMinutes(2), () -> {
            StoreConfig config = stagingConfig();
            open(config);
            fill();
            for (int bit = 0; bit < 8 * (Record.HEADER_BYTES + 1); bit++) {
                String what = "bit " + bit + " of the staged record of slot " + victim;
                long place;
                try (Arena arena = Arena.ofConfined()) {
                    place = stage(victim, mapped("backing", arena));
                }
                close();
                flipInFile("backing", place + bit / 8, bit % 8);
                open(config);
                load(victim, what);
                checkOthers(victim, what);
                renew(victim, what);
            }
            close();
        });
    }

    /** With room for all pages in the pool: only what the test wants is spilled. */
    private StoreConfig stagingConfig() {
        return new TestConfig(SLOTS)
                .backing(directory.resolve("file"))
                .stateDirectory(directory)
                .build();
    }

    /** Spills a page. Returns where in the state of the backing file it is. */
    private long stage(int slot, MemorySegment backing) {
        SlotMap map = files.parts().map();
        new Spiller(files.parts(), new Ownership(files.parts(), new Fullness()), work).spill(slot, map.get(slot));
        long word = map.get(slot);
        assertEquals(Slot.KIND_FILE, Slot.kind(word));
        long place = StoreFiles.STAGING_OFFSET + Slot.place(word) % BackingFile.SEGMENT_BYTES;
        while (!Record.isOf(backing, place, slot, word)) {
            place += BackingFile.SEGMENT_BYTES; // The next buffer.
        }
        return place;
    }

    private MemorySegment mapped(String part, Arena arena) throws IOException {
        try (FileChannel channel = FileChannel.open(
                directory.resolve("test." + part), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return channel.map(FileChannel.MapMode.READ_WRITE, 0, channel.size(), arena);
        }
    }

    private void flipInEachCounter(int bit) throws IOException {
        for (long at = Counters.BLOCK_OFFSET; at < CountersHead.COPIES[1]; at += Long.BYTES) {
            flipInFile("counters", at + bit / 8, bit % 8);
        }
    }

    private void flipInFile(String part, long at, int bit) throws IOException {
        try (RandomAccessFile file =
                new RandomAccessFile(directory.resolve("test." + part).toFile(), "rw")) {
            file.seek(at);
            int value = file.read();
            file.seek(at);
            file.write(value ^ 1 << bit);
        }
    }
}
