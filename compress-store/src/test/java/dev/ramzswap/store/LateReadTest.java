package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.GatedDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A disk that takes longer for a page than the kernel waits, which asks again then, and again. */
@Timeout(60)
class LateReadTest {
    private static final int SLOTS = 4000;
    /** More than Loader.LATE_NANOS. */
    private static final long LATE_MILLIS = 150;

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final GatedDevice device = new GatedDevice(40);
    private final ByteBuffer read = Pages.buffer();

    private PageStore open(Path directory, long limit) throws IOException {
        StoreConfig config = new TestConfig(SLOTS)
                .limit(limit)
                .overcommit()
                .backing(directory.resolve("x"), 40L * BackingFile.SEGMENT_BYTES)
                .build();
        return PageStore.open(config, StoreFiles.open(config, device::open));
    }

    /** The pool has no room to spare, so that other reads leave their pages on the disk. */
    @Test
    void whatIsAskedForAgainIsTakenIntoRam(@TempDir Path directory) throws Exception {
        try (PageStore store = open(directory, 8 << 20);
                Workspace work = store.workspace()) {
            for (int slot = 0; slot < SLOTS; slot++) {
                assertEquals(StoreStatus.OK, store.store(slot, page(slot), 0, work));
            }
            int first = onDisk(store, 0, work);
            assertEquals(StoreStatus.OK, store.load(first, read, 0, work));
            assertEquals(StoreStatus.WOULD_WAIT, store.loadNow(first, read, 0, work), "taken back all the same");

            int late = onDisk(store, first + 1, work);
            loadLate(store, late);
            assertEquals(StoreStatus.OK, store.loadNow(late, read, 0, work));
            assertTrue(Pages.equal(page(late), read));
        }
    }

    /** Whoever keeps a page for as long as the disk takes would keep the search for room from ending. */
    @Test
    void aWriteToAFullStoreEndsWhileTheDiskIsAwaited(@TempDir Path directory) throws Exception {
        try (PageStore store = open(directory, 4 << 20);
                Workspace work = store.workspace()) {
            int full = 0;
            while (store.store(full, page(full), 0, work) == StoreStatus.OK) {
                full++;
            }
            int late = onDisk(store, 0, work);
            loadLate(store, late);
            device.arm();
            Thread reader = reader(store, onDisk(store, late + 1, work));
            device.awaitReached();
            int freed = onDisk(store, full / 2, work);
            store.invalidate(freed, work); // so that the store is looked at anew
            int slot = full + 1;
            try {
                assertTimeoutPreemptively(PATIENCE, () -> write(store, slot));
            } finally {
                device.goOn();
                reader.join();
            }
        }
    }

    private static void write(PageStore store, int slot) {
        try (Workspace own = store.workspace()) {
            store.store(slot, page(slot), 0, own);
        }
    }

    private void loadLate(PageStore store, int slot) throws InterruptedException {
        device.arm();
        Thread reader = reader(store, slot);
        device.awaitReached();
        Thread.sleep(LATE_MILLIS);
        device.goOn();
        reader.join();
    }

    private static Thread reader(PageStore store, int slot) {
        return Thread.ofPlatform().start(() -> {
            try (Workspace own = store.workspace()) {
                store.load(slot, Pages.buffer(), 0, own);
            }
        });
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
