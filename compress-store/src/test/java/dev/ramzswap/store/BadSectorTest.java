package dev.ramzswap.store;

import static dev.ramzswap.store.Daemons.FILE_BYTES;
import static dev.ramzswap.store.Daemons.LIMIT;
import static dev.ramzswap.store.Daemons.SLOTS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.SectorDevice;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.IntConsumer;
import java.util.function.LongPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sectors of a disk that cannot be read cost the pages that lie there, and no store the room of their segments. */
@Timeout(60)
class BadSectorTest {
    private static final int SEGMENTS = (int) (FILE_BYTES / BackingFile.SEGMENT_BYTES);

    private final SectorDevice device = new SectorDevice(SEGMENTS);

    /** Slots whose records have another header on the disk. */
    private final Set<Long> changed = new HashSet<>();

    private StoreFiles files;

    @Test
    void allIsOverwritten() throws Exception {
        assertNoneIsRefused(device::spoil, 12, slot -> false);
    }

    /** What lies there is used by nobody, and never written again. */
    @Test
    void allElseIsOverwritten() throws Exception {
        assertNoneIsRefused(device::spoil, 24, this::isUnreadable);
    }

    /** A part of the disk has gone: segments of which so little is live that they are worth cleaning. */
    @Test
    void allButAFifthOfWholeSegmentsIsOverwritten() throws Exception {
        assertNoneIsRefused(device::spoilWhole, 24, slot -> slot % 5 == 0 && isUnreadable(slot));
    }

    /** A disk of two is gone. */
    @Test
    void allButAFifthOfEverySecondSegmentIsOverwritten() throws Exception {
        assertNoneIsRefused(device::spoilEverySecond, SEGMENTS, slot -> slot % 5 == 0 && isUnreadable(slot));
    }

    /** A record lies half in the last of them, and the next one wholly behind it. */
    @Test
    void allElseIsOverwrittenThanTheFirstSectors() throws Exception {
        assertNoneIsRefused(segments -> device.spoilFirst(segments, 9), 24, this::isUnreadable);
    }

    /** Two bytes of the headers of two records of each segment: the disk tells of nothing. */
    @ParameterizedTest
    @ValueSource(ints = {2, 12, 24})
    void allElseIsOverwrittenThanRecordsWithAChangedHeader(int segments) throws Exception {
        assertNoneIsRefused(this::changeHeaders, segments, changed::contains);
        assertEquals(2 * segments, changed.size());
    }

    private void changeHeaders(int segments) {
        SlotMap map = files.parts().map();
        int[] records = new int[segments];
        for (long slot = 0; slot < SLOTS; slot++) {
            long word = map.get(slot);
            long segment = Slot.place(word) / BackingFile.SEGMENT_BYTES;
            boolean isThere = Slot.kind(word) == Slot.KIND_FILE && segment < segments;
            if (isThere && records[(int) segment]++ < 2) {
                int offset = Record.CHECKED_OFFSET + changed.size() % (Record.HEADER_BYTES - Record.CHECKED_OFFSET - 1);
                device.change(Slot.place(word) + offset);
                device.change(Slot.place(word) + offset + 1);
                changed.add(slot);
            }
        }
    }

    private void assertNoneIsRefused(IntConsumer spoil, int segments, LongPredicate isCold) throws Exception {
        StoreConfig config = new TestConfig(SLOTS)
                .limit(LIMIT)
                .backing(Path.of("unused"), FILE_BYTES, false)
                .build();
        files = StoreFiles.open(config, device::open);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            Daemons.store(store, work, SLOTS, 0);
            store.keeper().pause();
            spoil.accept(segments);
            boolean[] isUnreadable = new boolean[SLOTS];
            IntStream.range(0, SLOTS).forEach(slot -> isUnreadable[slot] = isUnreadable(slot));
            int[] used =
                    IntStream.range(0, SLOTS).filter(slot -> !isCold.test(slot)).toArray();
            store.keeper().resume();
            SplittableRandom random = new SplittableRandom(1);
            int[] pages = IntStream.range(0, SLOTS).toArray();
            for (int page = SLOTS; page < 5 * SLOTS; page++) {
                int slot = used[random.nextInt(used.length)];
                assertEquals(StoreStatus.OK, store.store(slot, Daemons.page(page), 0, work), "page " + page);
                isUnreadable[slot] = false;
                pages[slot] = page;
            }
            ByteBuffer out = Pages.buffer();
            for (int slot = 0; slot < SLOTS; slot++) {
                boolean isRead = store.load(slot, out, 0, work) == StoreStatus.OK;
                assertTrue(isRead ? Pages.equal(Daemons.page(pages[slot]), out) : isUnreadable[slot], "slot " + slot);
            }
            Invariants.checkPaused(store, files.parts(), "in the end");
            SlotMap map = files.parts().map();
            for (int slot = 0; slot < SLOTS; slot++) {
                assertTrue(map.get(slot) != Slot.damaged(slot) || isUnreadable[slot], "given up: " + slot);
            }
        }
    }

    private boolean isUnreadable(long slot) {
        long word = files.parts().map().get(slot);
        boolean isInFile = Slot.kind(word) == Slot.KIND_FILE;
        return changed.contains(slot) || isInFile && device.isUnreadable(Slot.place(word), Record.bytes(word));
    }
}
