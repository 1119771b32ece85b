package dev.ramzswap.store;

import static dev.ramzswap.store.Daemons.FILE_BYTES;
import static dev.ramzswap.store.Daemons.LIMIT;
import static dev.ramzswap.store.Daemons.SLOTS;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.SectorDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sectors of a disk that cannot be read cost the pages that lie there, and no store the room of their segments. */
@Timeout(60)
class BadSectorTest {
    private static final int SEGMENTS = (int) (FILE_BYTES / BackingFile.SEGMENT_BYTES);
    private static final int SPOILED = 12;

    private final SectorDevice device = new SectorDevice(SEGMENTS);

    @Test
    void allIsOverwritten() throws IOException {
        StoreConfig config = new TestConfig(SLOTS)
                .limit(LIMIT)
                .backing(Path.of("unused"), FILE_BYTES, false)
                .build();
        try (PageStore store = PageStore.open(config, StoreFiles.open(config, device::open));
                Workspace work = store.workspace()) {
            Daemons.store(store, work, SLOTS, 0);
            device.spoil(SPOILED);
            SplittableRandom random = new SplittableRandom(1);
            for (int page = 0; page < 4 * SLOTS; page++) {
                int slot = random.nextInt(SLOTS);
                assertEquals(StoreStatus.OK, store.store(slot, Daemons.page(page), 0, work), "page " + page);
            }
        }
    }
}
