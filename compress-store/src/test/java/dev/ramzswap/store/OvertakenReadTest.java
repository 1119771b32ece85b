package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.GatedDevice;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A load that waits for the disk while its segment is used again. */
@Timeout(60)
class OvertakenReadTest {
    private static final int SLOTS = 2000;

    @TempDir
    Path directory;

    /** The same slot's next version but one is in the same place, and nobody was told of it yet. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPageThatIsNotPublishedIsNotLoaded(boolean encrypt) throws Exception {
        GatedDevice device = new GatedDevice(40);
        StoreConfig config = new TestConfig(SLOTS)
                .limit(1 << 20)
                .overcommit()
                .backing(directory.resolve("x"), 40L * BackingFile.SEGMENT_BYTES, encrypt)
                .build();
        StoreFiles files = StoreFiles.open(config, device::open);
        PageStore store = PageStore.open(config, files);
        BackingFile file = files.parts().file();
        Workspace work = store.workspace();
        for (int slot = 0; slot < 600; slot++) {
            assertEquals(StoreStatus.OK, store.store(slot, page(slot), 0, work));
        }
        store.stopBackgroundWork();
        // So that the page is not promoted, and its word not pinned.
        for (int slot = 600; slot < 1500; slot++) {
            assertEquals(StoreStatus.OK, store.store(slot, page(slot), 0, work));
        }
        int slot = 0;
        while (Slot.kind(files.parts().map().get(slot)) != Slot.KIND_FILE
                || store.loadNow(slot, Pages.buffer(), 0, work) != StoreStatus.WOULD_WAIT) {
            slot++;
        }
        int victim = slot;
        long place = Slot.place(files.parts().map().get(victim));
        ByteBuffer read = Pages.buffer();
        int[] status = {-1};
        device.arm();
        Thread reader = Thread.ofPlatform().start(() -> {
            try (Workspace own = store.workspace()) {
                status[0] = store.load(victim, read, 0, own);
            }
        });
        device.awaitReached();
        ByteBuffer second = page(10_001);
        ByteBuffer third = page(10_002);
        assertEquals(StoreStatus.OK, store.store(victim, second, 0, work));
        for (int other = 0; other < 1500; other++) {
            if (other != victim) {
                store.invalidate(other, work);
            }
        }
        // Another thread's store of the same slot, as far as its record is written, and its word is not yet published.
        boolean isThere = false;
        try (Workspace other = store.workspace()) {
            for (int i = 0; i < 10_000 && !(isThere && isOnDisk(file, place, other)); i++) {
                other.encode(victim, third, 0, store.codec(), StoreConfig.DEFAULT_CUTOFF);
                other.record.sealForFile();
                long at = file.append(other.record.memory, 0, other.record.bytes(), 1_000_000_000);
                assertTrue(at >= 0);
                isThere |= at == place;
                if (at != place) {
                    file.free(at, other.record.bytes());
                }
            }
        }
        assertTrue(isThere);
        device.goOn();
        reader.join();
        assertEquals(StoreStatus.OK, status[0]);
        assertFalse(Pages.equal(third, read), "a page that was never published");
        assertTrue(Pages.equal(second, read));
        work.close();
        store.close();
    }

    private static boolean isOnDisk(BackingFile file, long place, Workspace work) {
        return file.readNow(place, 4108, work.record.memory, 0) != BackingFile.OK;
    }

    private static ByteBuffer page(int number) {
        return Pages.page(Pages.Kind.INCOMPRESSIBLE, number);
    }
}
