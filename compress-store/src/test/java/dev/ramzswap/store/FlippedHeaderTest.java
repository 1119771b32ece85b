package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.BackingSize;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.function.LongUnaryOperator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Contract 5 for the headers of records, before a takeover: each of their bits, of a page of each kind. Many are
 * flipped before each takeover, one in the header of a record and none in those of half of all pages.
 */
@Timeout(60)
class FlippedHeaderTest {
    private static final int KINDS = Pages.Kind.values().length;
    private static final int GROUPS = 28;
    private static final int PAGES = GROUPS * KINDS;
    private static final int BITS = 8 * Record.HEADER_BYTES;
    private static final int ROUNDS = Math.ceilDiv(BITS, GROUPS / 2);

    /** Behind the pages others, so many that their segments in the file are full and written. */
    private static final int SLOTS = PAGES + 2 * BackingFile.SEGMENT_BYTES / Record.MAX_BYTES;

    private static final long LOOK_NANOS = 1_000_000_000;

    @TempDir
    Path directory;

    private final ByteBuffer out = Pages.buffer();
    private StoreFiles files;
    private PageStore store;
    private Workspace work;

    /** The bit that is flipped in the header of a slot's record in a round; none if it is not below {@link #BITS}. */
    private static int bitOf(int slot, int round) {
        int group = slot / KINDS;
        return group % 2 == round % 2 ? round * GROUPS / 2 + group / 2 : BITS;
    }

    @Test
    void costsAPageInThePoolAlone() throws Exception {
        StoreConfig config = new TestConfig(SLOTS).stateDirectory(directory).build();
        assertEachCostsItsPageAlone(config, Slot.KIND_POOL, directory.resolve("test.pool"), place -> place);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void costsAPageInTheFileAlone(boolean encrypt) throws Exception {
        Path file = directory.resolve("file");
        StoreConfig config = new TestConfig(SLOTS)
                .stateDirectory(directory)
                .backing(file, StoreConfig.WORST_CASE, encrypt)
                .build();
        assertEachCostsItsPageAlone(config, Slot.KIND_FILE, file, BackingSize::positionOf);
    }

    private void assertEachCostsItsPageAlone(StoreConfig config, int kind, Path path, LongUnaryOperator positionOf)
            throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            open(config);
            fill();
            assertLoaded(Set.of(), "before round " + round);
            // What a word and a record did not agree on is counted anew.
            while (store.keeper().look(LOOK_NANOS) != Look.NOTHING) {}
            Invariants.checkPaused(store, files.parts(), "before round " + round);
            if (kind == Slot.KIND_FILE) {
                spill();
            }
            long[] words =
                    LongStream.range(0, PAGES).map(files.parts().map()::get).toArray();
            close();
            Set<Integer> damaged = flip(words, kind, round, path, positionOf);
            open(config);
            assertTrue(store.isTakenOver());
            assertLoaded(damaged, "round " + round);
            close();
        }
    }

    /** Returns the slots whose records are not intact any more. */
    private Set<Integer> flip(long[] words, int kind, int round, Path path, LongUnaryOperator positionOf)
            throws IOException {
        Set<Integer> damaged = new HashSet<>();
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            for (int slot = 0; slot < PAGES; slot++) {
                int bit = bitOf(slot, round);
                if (Slot.kind(words[slot]) == kind && bit < BITS) {
                    flip(file, positionOf.applyAsLong(Slot.place(words[slot])) + bit / 8, bit % 8);
                    if (bit / 8 < Record.CHECKSUM_BYTES || bit / 8 >= Record.CHECKED_OFFSET) {
                        damaged.add(slot);
                    }
                }
            }
        }
        return damaged;
    }

    private static void flip(RandomAccessFile file, long at, int bit) throws IOException {
        file.seek(at);
        int value = file.read();
        file.seek(at);
        file.write(value ^ 1 << bit);
    }

    private void fill() {
        for (int slot = 0; slot < SLOTS; slot++) {
            ByteBuffer page = slot < PAGES ? Pages.page(slot) : Daemons.page(slot);
            assertEquals(StoreStatus.OK, store.store(slot, page, 0, work), "slot " + slot);
        }
    }

    /** Until all records are in the file, and those of the pages not in memory any more. */
    private void spill() throws InterruptedException {
        SlotMap map = files.parts().map();
        Spiller spiller = new Spiller(files.parts(), new Ownership(files.parts(), new Fullness()), work);
        for (int slot = 0; slot < SLOTS; slot++) {
            while (Slot.kind(map.get(slot)) == Slot.KIND_POOL) {
                spiller.spill(slot, map.get(slot));
            }
        }
        for (int slot = 0; slot < PAGES; slot++) {
            while (isStaged(map.get(slot))) {
                Thread.sleep(1);
            }
        }
    }

    private boolean isStaged(long word) {
        return Slot.kind(word) == Slot.KIND_FILE
                && files.parts().file().readNow(Slot.place(word), Record.bytes(word), work.record.memory, 0)
                        == BackingFile.OK;
    }

    private void assertLoaded(Set<Integer> damaged, String what) {
        for (int slot = 0; slot < PAGES; slot++) {
            int status = store.load(slot, out, 0, work);
            assertEquals(
                    damaged.contains(slot) ? StoreStatus.IO_ERROR : StoreStatus.OK, status, what + ", slot " + slot);
            boolean isRight = Pages.equal(Pages.page(slot), out);
            assertTrue(status != StoreStatus.OK || isRight, what + ", slot " + slot + " holds other bytes");
        }
    }

    private void open(StoreConfig config) throws IOException {
        files = StoreFiles.open(config, BackingFile::open);
        store = PageStore.open(config, files);
        work = store.workspace();
    }

    private void close() {
        work.close();
        store.close();
    }
}
