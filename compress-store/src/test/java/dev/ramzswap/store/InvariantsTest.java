package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.DamagedDevice;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the checker of all other tests must not miss. */
class InvariantsTest {
    private static final int SLOTS = 500;
    private static final long FILE_BYTES = 16L * BackingFile.SEGMENT_BYTES;
    private static final int PAGES = 20;
    private static final int OWNER = 3;
    private static final int INTRUDER = 4;

    /** Where the intruder's record begins in its owner's. */
    private static final int OFFSET = 80;

    @TempDir
    Path directory;

    /** No hole of any region is known then, so no row is looked at. */
    @Test
    void noticesRecordsThatShareBytesRightAfterATakeover() throws IOException {
        StoreConfig config = Daemons.config(directory).overcommit().build();
        Daemons.store(config, PAGES, 0);
        try (StoreFiles files = StoreFiles.open(config, null)) {
            Parts parts = files.parts();
            SlotMap map = parts.map();
            long place = Slot.place(map.get(OWNER)) + OFFSET;
            Record.setHeader(parts.pool().memory().asSlice(place), INTRUDER, Codec.LZ4, 100);
            map.exchange(INTRUDER, Slot.inPool(Codec.LZ4, 100, place));
            new Recovery(parts).run();
            assertEquals(RegionTable.UNLISTED, parts.regions().state(Region.of(place)));
            assertOverlapNoticed(parts);
        }
    }

    @Test
    void noticesRecordsThatShareBytesInTheBackingFile() throws IOException {
        StoreConfig config = new TestConfig(SLOTS)
                .limit(1 << 20)
                .overcommit()
                .backing(directory.resolve("memory"), FILE_BYTES)
                .build();
        StoreFiles files = StoreFiles.open(config, new DamagedDevice(FILE_BYTES)::open);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            Daemons.store(store, work, SLOTS, 0);
            store.stopBackgroundWork();
            SlotMap map = files.parts().map();
            long slot = map.nextUsed(0);
            while (Slot.kind(map.get(slot)) != Slot.KIND_FILE) {
                slot = map.nextUsed(slot + 1);
            }
            long word = map.get(slot);
            map.exchange(slot == 0 ? 1 : 0, Slot.moved(word, Slot.place(word) + OFFSET));
            assertOverlapNoticed(files.parts());
        }
    }

    private static void assertOverlapNoticed(Parts parts) {
        String message = assertThrows(AssertionError.class, () -> Invariants.check(parts, "broken"))
                .getMessage();
        assertTrue(message.contains("overlaps"), message);
    }
}
