package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.SectorDevice;
import dev.ramzswap.backing.Segments;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Contract 5 for what is known of the backing file's segments, while a store runs: one flipped bit costs the segment
 * that it is of, whatever became of that. Pages that lay there are right or errors until they are stored again, no
 * other page changes, and no store is refused.
 */
@Timeout(60)
class FlippedSegmentTest {
    private static final int BITS = 64;
    private static final int SLOTS = 400;
    private static final long LIMIT = 1 << 20;

    /** With one segment more for each bit: it is never used again. */
    private static final long FILE_BYTES =
            TestConfig.leastFileBytes(SLOTS, LIMIT) + (long) BITS * BackingFile.SEGMENT_BYTES;

    private final SectorDevice device = new SectorDevice((int) (FILE_BYTES / BackingFile.SEGMENT_BYTES));
    private final ByteBuffer out = Pages.buffer();
    private Segments segments;
    private StoreFiles files;

    @ParameterizedTest
    @EnumSource
    void costsItsOwnSegmentAlone(Segments.State state) throws Exception {
        StoreConfig config = new TestConfig(SLOTS)
                .limit(LIMIT)
                .backing(Path.of("unused"), FILE_BYTES)
                .build();
        files = StoreFiles.open(config, backing -> {
            segments = new Segments(backing);
            return device.open(backing);
        });
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            Daemons.store(store, work, SLOTS, 0);
            for (int bit = 0; bit < BITS; bit++) {
                flip(state, bit, store, work);
                Daemons.store(store, work, SLOTS, (bit + 1) * SLOTS);
                String what = state + ", bit " + bit;
                Invariants.checkPaused(store, files.parts(), what);
                assertEquals(bit + 1, segments.damaged(), what);
            }
            assertEquals(new Daemons.Found(SLOTS, 0, 0), Daemons.load(store, work, SLOTS, BITS * SLOTS));
        }
    }

    /** And loads all pages: no keeper moves one away meanwhile. */
    private void flip(Segments.State state, int bit, PageStore store, Workspace work) throws InterruptedException {
        store.keeper().pause();
        try {
            int segment = segments.flip(state, bit);
            for (int slot = 0; slot < SLOTS; slot++) {
                boolean isThere = isIn(segment, slot);
                int status = store.load(slot, out, 0, work);
                boolean isRight = status == StoreStatus.OK && Pages.equal(Daemons.page(bit * SLOTS + slot), out);
                assertTrue(
                        isRight || isThere && status == StoreStatus.IO_ERROR,
                        state + ", bit " + bit + ", slot " + slot + ": " + status);
            }
        } finally {
            store.keeper().resume();
        }
    }

    private boolean isIn(int segment, int slot) {
        long word = files.parts().map().get(slot);
        return Slot.kind(word) == Slot.KIND_FILE && Slot.place(word) / BackingFile.SEGMENT_BYTES == segment;
    }
}
