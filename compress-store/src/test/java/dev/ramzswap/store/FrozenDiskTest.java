package dev.ramzswap.store;

import static dev.ramzswap.store.Daemons.SLOTS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.DiskImage;
import dev.ramzswap.linux.DiskSleep;
import dev.ramzswap.store.Counters.Counter;
import dev.ramzswap.store.Daemons.Found;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A takeover while the backing file's disk does not answer: pages in memory do not wait for it. */
@Timeout(120)
class FrozenDiskTest {
    private static final Duration BOUND = Duration.ofSeconds(30);
    private static final Duration MOMENT = Duration.ofMillis(100);
    private static final long DISK_BYTES = 64 << 20;

    @TempDir
    private Path directory;

    @RegisterExtension
    private final DiskImage disk = new DiskImage();

    private StoreConfig config;

    @BeforeEach
    void leavePages() throws IOException, InterruptedException {
        config = Daemons.withFile(directory, disk.mount("ext4", DISK_BYTES).resolve("file"));
        Daemons.store(config, SLOTS, 0);
        disk.freeze();
    }

    /** Those in the file are there when the disk is, and so is the room in it. */
    @Test
    void pagesInMemoryAreServedMeanwhile() throws Exception {
        PageStore store = assertTimeoutPreemptively(BOUND, () -> PageStore.open(config));
        try (Workspace work = store.workspace()) {
            long inFile = store.counters().get(Counter.BD_COUNT);
            int served = loadNow(store, work);
            assertTrue(served >= SLOTS - inFile && served < SLOTS, served + " served, " + inFile + " are in the file");
            assertFalse(new DiskSleep().awaitAwake(MOMENT), "this process could end");
            disk.thaw();
            assertTrue(new DiskSleep().awaitAwake(BOUND));
            assertEquals(new Found(SLOTS, 0, 0), Daemons.load(store, work, SLOTS, 0));
            Daemons.store(store, work, SLOTS, SLOTS);
            assertEquals(new Found(SLOTS, 0, 0), Daemons.load(store, work, SLOTS, SLOTS));
        } finally {
            disk.thaw();
            store.close();
        }
    }

    /** How many can be loaded without waiting. */
    private static int loadNow(PageStore store, Workspace work) {
        ByteBuffer out = Pages.buffer();
        int served = 0;
        for (int slot = 0; slot < SLOTS; slot++) {
            int status = store.loadNow(slot, out, 0, work);
            assertTrue(status == StoreStatus.WOULD_WAIT || Pages.equal(Daemons.page(slot), out), "slot " + slot);
            served += status == StoreStatus.OK ? 1 : 0;
        }
        return served;
    }
}
