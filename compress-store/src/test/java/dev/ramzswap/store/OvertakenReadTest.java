package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.GatedDevice;
import java.io.IOException;
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

    private final GatedDevice device = new GatedDevice(40);
    private final ByteBuffer read = Pages.buffer();
    private PageStore store;
    private BackingFile file;
    private SlotMap map;
    private Workspace work;
    private int victim;
    private long place;
    private Thread reader;
    private volatile int status = -1;

    /** The same slot's next version but one is in the same place, and nobody was told of it yet. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPageThatIsNotPublishedIsNotLoaded(boolean encrypt) throws Exception {
        open(encrypt);
        startReading();
        ByteBuffer second = page(10_001);
        ByteBuffer third = page(10_002);
        assertEquals(StoreStatus.OK, store.store(victim, second, 0, work));
        invalidateOthers();
        // Another thread's store of the same slot, as far as its record is written, and its word is not yet published.
        boolean isThere = false;
        try (Workspace other = store.workspace()) {
            for (int i = 0; i < 10_000 && !(isThere && isOnDisk(other)); i++) {
                long at = append(third, other);
                isThere |= at == place;
                if (at != place) {
                    file.free(at, other.record.bytes());
                }
            }
        }
        assertTrue(isThere);
        endReading();
        assertEquals(StoreStatus.OK, status);
        assertFalse(Pages.equal(third, read), "a page that was never published");
        assertTrue(Pages.equal(second, read));
        close();
    }

    /** It is published, so that the word is the same as before, and the segment holds another content. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPageInTheSamePlaceAsItsLastVersionButOneIsLoaded(boolean encrypt) throws Exception {
        open(encrypt);
        startReading();
        ByteBuffer third = page(10_002);
        invalidateOthers();
        long before = map.get(victim);
        boolean isThere = false;
        try (Workspace other = store.workspace()) {
            for (int i = 0; i < 20_000 && !(isThere && isOnDisk(other)); i++) {
                long at = append(third, other);
                if (isThere) {
                    file.free(at, other.record.bytes()); // Only fills up the segment.
                } else {
                    long old = map.exchange(victim, Slot.inFile(other.record.codec(), other.record.length(), at));
                    file.free(Slot.place(old), Record.HEADER_BYTES + Slot.length(old));
                    isThere = at == place;
                }
            }
        }
        assertTrue(Slot.sameCopy(before, map.get(victim)));
        endReading();
        assertEquals(StoreStatus.OK, status);
        assertTrue(Pages.equal(third, read));
        close();
    }

    private void open(boolean encrypt) throws IOException {
        StoreConfig config = new TestConfig(SLOTS)
                .limit(1 << 20)
                .overcommit()
                .backing(directory.resolve("x"), 40L * BackingFile.SEGMENT_BYTES, encrypt)
                .build();
        StoreFiles files = StoreFiles.open(config, device::open);
        store = PageStore.open(config, files);
        file = files.parts().file();
        map = files.parts().map();
        work = store.workspace();
        for (int slot = 0; slot < 600; slot++) {
            assertEquals(StoreStatus.OK, store.store(slot, page(slot), 0, work));
        }
        store.stopBackgroundWork();
        // So that the page is not promoted, and its word not pinned.
        for (int slot = 600; slot < 1500; slot++) {
            assertEquals(StoreStatus.OK, store.store(slot, page(slot), 0, work));
        }
    }

    /** A load of a page that is on the disk, which stands still there. */
    private void startReading() throws InterruptedException {
        while (Slot.kind(map.get(victim)) != Slot.KIND_FILE
                || store.loadNow(victim, Pages.buffer(), 0, work) != StoreStatus.WOULD_WAIT) {
            victim++;
        }
        place = Slot.place(map.get(victim));
        device.arm();
        reader = Thread.ofPlatform().start(() -> {
            try (Workspace own = store.workspace()) {
                status = store.load(victim, read, 0, own);
            }
        });
        device.awaitReached();
    }

    private void endReading() throws InterruptedException {
        device.goOn();
        reader.join();
    }

    private void invalidateOthers() {
        for (int other = 0; other < 1500; other++) {
            if (other != victim) {
                store.invalidate(other, work);
            }
        }
    }

    private long append(ByteBuffer page, Workspace other) {
        other.encode(victim, page, 0, store.codec(), StoreConfig.DEFAULT_CUTOFF);
        other.record.sealForFile();
        long at = file.append(other.record.memory, 0, other.record.bytes(), 1_000_000_000);
        assertTrue(at >= 0);
        return at;
    }

    private boolean isOnDisk(Workspace other) {
        return file.readNow(place, 4108, other.record.memory, 0) != BackingFile.OK;
    }

    private void close() {
        work.close();
        store.close();
    }

    private static ByteBuffer page(int number) {
        return Pages.page(Pages.Kind.INCOMPRESSIBLE, number);
    }
}
