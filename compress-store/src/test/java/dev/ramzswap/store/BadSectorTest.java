package dev.ramzswap.store;

import static dev.ramzswap.store.Daemons.FILE_BYTES;
import static dev.ramzswap.store.Daemons.LIMIT;
import static dev.ramzswap.store.Daemons.SLOTS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.SectorDevice;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.function.IntConsumer;
import java.util.function.LongPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sectors of a disk that cannot be read cost the pages that lie there, and no store the room of their segments. */
@Timeout(60)
class BadSectorTest {
    private static final int SEGMENTS = (int) (FILE_BYTES / BackingFile.SEGMENT_BYTES);

    private final SectorDevice device = new SectorDevice(SEGMENTS);
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
            for (int page = 0; page < 4 * SLOTS; page++) {
                int slot = used[random.nextInt(used.length)];
                assertEquals(StoreStatus.OK, store.store(slot, Daemons.page(page), 0, work), "page " + page);
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
        return Slot.kind(word) == Slot.KIND_FILE && device.isUnreadable(Slot.place(word), Record.bytes(word));
    }
}
