package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.DeadAreaDevice;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Logger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Most of a disk cannot be read any more: a store that needs the room that is lost there gets it. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DeadAreaTest {
    private static final int OTHER_SEGMENTS = 60;
    private static final int PAGES_PER_SEGMENT = BackingFile.SEGMENT_BYTES / Record.MAX_BYTES;

    /** More than there are free segments for, also when all others that can be read are emptied. */
    private static final int MORE = (2 * OTHER_SEGMENTS + 30) * PAGES_PER_SEGMENT;

    /** One page of so many is kept: the map, which is looked through for each segment that fails, is short. */
    private static final int KEPT = 16;

    /** Slots of the others: more than the pool holds, so that they go to the file before they are overwritten. */
    private static final int OVERWRITTEN = 1000;

    @ParameterizedTest
    @ValueSource(ints = {Suspects.MOST / 2, Suspects.MOST + 200})
    void whatIsLostThereMakesRoom(int deadSegments) throws Exception {
        DeadAreaDevice device = new DeadAreaDevice(deadSegments, OTHER_SEGMENTS);
        long fileBytes = (long) (deadSegments + OTHER_SEGMENTS) * BackingFile.SEGMENT_BYTES;
        StoreConfig config = new TestConfig(1 << 16)
                .limit(1 << 20)
                .overcommit()
                .backing(Path.of("unused"), fileBytes, false)
                .build();
        StoreFiles files = StoreFiles.open(config, device::open);
        BackingFile file = files.parts().file();
        AtomicInteger told = new AtomicInteger();
        Logger logger = Logger.getLogger("dev.ramzswap.backing.SegmentCleaner");
        logger.setFilter(record -> told.incrementAndGet() == 1);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            int slot = OVERWRITTEN;
            for (int page = 0; file.freeSegments() > OTHER_SEGMENTS; page++) {
                store(page % KEPT == 0 ? slot++ : page % OVERWRITTEN, store, work);
            }
            for (int end = slot + MORE; slot < end; slot++) {
                store(slot, store, work);
            }
            assertTrue(file.readErrors() > deadSegments, file.readErrors() + " errors");
            Invariants.checkPaused(store, files.parts(), "in the end");
        } finally {
            logger.setFilter(null);
        }
        assertEquals(1, told.get(), "log entries of one failure");
    }

    private static void store(int slot, PageStore store, Workspace work) {
        assertEquals(StoreStatus.OK, store.store(slot, Daemons.page(slot), 0, work), "slot " + slot);
    }
}
