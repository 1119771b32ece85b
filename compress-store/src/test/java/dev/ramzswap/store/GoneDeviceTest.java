package dev.ramzswap.store;

import static dev.ramzswap.store.Daemons.SLOTS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.FlickeringDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** All staging buffers are taken when a daemon takes over; the disk takes one segment more, and is gone. */
@Timeout(60)
class GoneDeviceTest {
    private static final int SEGMENTS = 40;
    private static final int FULL = 1200;

    @TempDir
    Path directory;

    private final FlickeringDevice device = new FlickeringDevice(SEGMENTS);

    @Test
    void aStoreIsRefusedThoughASegmentWasWrittenBefore() throws IOException {
        StoreConfig config = new TestConfig(SLOTS)
                .limit(1 << 20)
                .overcommit()
                .backing(directory.resolve("unused"), (long) SEGMENTS * BackingFile.SEGMENT_BYTES)
                .stateDirectory(directory.resolve("state"))
                .build();
        int stored = stageAll(config);
        try (PageStore store = PageStore.open(config, StoreFiles.open(config, device::open));
                Workspace work = store.workspace()) {
            while (!device.isGone()) {
                LockSupport.parkNanos(1_000_000);
            }
            assertTimeoutPreemptively(Duration.ofSeconds(30), () -> {
                int slot = stored;
                while (store.store(slot, Daemons.page(slot), 0, work) == StoreStatus.OK) {
                    slot++;
                }
            });
        }
    }

    /** How many pages were stored when no more were taken. */
    private int stageAll(StoreConfig config) throws IOException {
        int stored = FULL;
        try (PageStore store = PageStore.open(config, StoreFiles.open(config, device::open));
                Workspace work = store.workspace()) {
            Daemons.store(store, work, FULL, 0);
            for (int slot = 0; slot < FULL; slot += 2) {
                store.invalidate(slot, work);
            }
            device.die();
            int refusals = 0;
            while (refusals < 1000) {
                boolean isStored = store.storeNow(stored, Daemons.page(stored), 0, work) == StoreStatus.OK;
                stored += isStored ? 1 : 0;
                refusals = isStored ? 0 : refusals + 1;
                LockSupport.parkNanos(isStored ? 0 : 1_000_000);
            }
        }
        assertEquals(false, device.isGone());
        return stored;
    }
}
