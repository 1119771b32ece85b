package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.GatedDevice;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A disk that takes longer for a page than the kernel waits, which asks again then, and again. */
@Timeout(60)
class LateReadTest {
    private static final int SLOTS = 4000;
    /** More than DiskPace.LATE_NANOS. */
    private static final long LATE_MILLIS = 1100;

    private final GatedDevice device = new GatedDevice(40);
    private final ByteBuffer read = Pages.buffer();

    /** The pool has no room to spare, so that other reads leave their pages on the disk. */
    @Test
    void whatIsAskedForAgainIsTakenIntoRam(@TempDir Path directory) throws Exception {
        StoreConfig config = new TestConfig(SLOTS)
                .limit(8 << 20)
                .overcommit()
                .backing(directory.resolve("x"), 40L * BackingFile.SEGMENT_BYTES)
                .build();
        try (PageStore store = PageStore.open(config, StoreFiles.open(config, device::open));
                Workspace work = store.workspace()) {
            for (int slot = 0; slot < SLOTS; slot++) {
                assertEquals(StoreStatus.OK, store.store(slot, page(slot), 0, work));
            }
            int first = onDisk(store, 0, work);
            assertEquals(StoreStatus.OK, store.load(first, read, 0, work));
            assertEquals(StoreStatus.WOULD_WAIT, store.loadNow(first, read, 0, work), "taken back all the same");

            int late = onDisk(store, first + 1, work);
            loadLate(store, late);
            assertEquals(StoreStatus.OK, store.load(late, read, 0, work));
            assertEquals(StoreStatus.OK, store.loadNow(late, read, 0, work));
            assertTrue(Pages.equal(page(late), read));
        }
    }

    private void loadLate(PageStore store, int slot) throws InterruptedException {
        device.arm();
        Thread reader = Thread.ofPlatform().start(() -> {
            try (Workspace own = store.workspace()) {
                store.load(slot, Pages.buffer(), 0, own);
            }
        });
        device.awaitReached();
        Thread.sleep(LATE_MILLIS);
        device.goOn();
        reader.join();
    }

    private int onDisk(PageStore store, int from, Workspace work) {
        int slot = from;
        while (store.loadNow(slot, read, 0, work) != StoreStatus.WOULD_WAIT) {
            slot++;
        }
        return slot;
    }

    private static ByteBuffer page(int number) {
        return Pages.page(Pages.Kind.INCOMPRESSIBLE, number);
    }
}
