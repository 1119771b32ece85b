package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.BadAreaDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A tenth of a disk that was full once cannot be written any more: that costs nobody a page, and no store its room. */
@Timeout(60)
class BadAreaTest {
    private static final int SEGMENTS = 100;
    private static final int SLOTS = 7000;
    private static final int OVERWRITES = 30_000;

    @TempDir
    Path directory;

    private final BadAreaDevice device = new BadAreaDevice(SEGMENTS);

    /** Which page is in each slot, -1 for none. */
    private final int[] stored = new int[SLOTS];

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void halfOfTheDeviceIsOverwritten(boolean encrypt) throws IOException, InterruptedException {
        StoreConfig config = new TestConfig(SLOTS)
                .limit(1 << 20)
                .overcommit()
                .backing(directory.resolve("x"), (long) SEGMENTS * BackingFile.SEGMENT_BYTES, encrypt)
                .build();
        StoreFiles files = StoreFiles.open(config, device::open);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            Arrays.fill(stored, -1);
            int filled = fill(store, work);
            device.setBadSegments(SEGMENTS / 10);
            SplittableRandom random = new SplittableRandom(1);
            for (int slot = 0; slot < filled; slot += 2) {
                invalidate(slot, store, work);
            }
            for (int page = filled; page < filled + OVERWRITES; page++) {
                invalidate(random.nextInt(filled), store, work);
                assertTrue(store(2 * random.nextInt(filled / 4), page, store, work), "page " + page + " is refused");
            }
            checkAll(store, work);
            Invariants.checkPaused(store, files.parts(), "overwritten");
        }
    }

    private int fill(PageStore store, Workspace work) {
        int slot = 0;
        while (slot < SLOTS && store(slot, slot, store, work)) {
            slot++;
        }
        return slot;
    }

    private boolean store(int slot, int page, PageStore store, Workspace work) {
        boolean isStored = store.store(slot, page(page), 0, work) == StoreStatus.OK;
        stored[slot] = isStored ? page : stored[slot];
        return isStored;
    }

    private void invalidate(int slot, PageStore store, Workspace work) {
        store.invalidate(slot, work);
        stored[slot] = -1;
    }

    private void checkAll(PageStore store, Workspace work) {
        ByteBuffer zeroes = Pages.buffer();
        ByteBuffer out = Pages.buffer();
        for (int slot = 0; slot < SLOTS; slot++) {
            assertEquals(StoreStatus.OK, store.load(slot, out, 0, work), "slot " + slot);
            assertTrue(Pages.equal(stored[slot] < 0 ? zeroes : page(stored[slot]), out), "slot " + slot);
        }
    }

    private static ByteBuffer page(int number) {
        return Pages.page(Pages.Kind.INCOMPRESSIBLE, number);
    }
}
