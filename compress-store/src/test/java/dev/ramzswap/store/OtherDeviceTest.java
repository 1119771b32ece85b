package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.SweptDevice;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the second attack of 29 November has tried. */
class OtherDeviceTest {
    private static final int SLOTS = 4096;
    private static final long LIMIT = 6 << 20;

    @TempDir
    Path directory;

    private final ByteBuffer out = Pages.buffer();

    private StoreConfig config(long bytes, boolean encrypt) {
        return new TestConfig(SLOTS)
                .limit(LIMIT)
                .backing(directory.resolve("file"), bytes, encrypt)
                .stateDirectory(directory.resolve("state"))
                .build();
    }

    /** A damaged word costs its page, and no other page its room. */
    @ParameterizedTest
    @ValueSource(ints = {0, 4, 12, 24})
    void nothingIsRefusedThoughWordsAreDamaged(int damaged) {
        assertTimeoutPreemptively(Duration.ofSeconds(100), () -> {
            StoreConfig config = config(TestConfig.leastFileBytes(SLOTS, LIMIT), true);
            StoreFiles files = StoreFiles.open(config, BackingFile::open);
            PageStore store = PageStore.open(config, files);
            Workspace work = store.workspace();
            SlotMap map = files.parts().map();
            for (int slot = 0; slot < SLOTS; slot++) {
                assertEquals(StoreStatus.OK, store.store(slot, page(slot), 0, work));
            }
            int left = damaged;
            for (int slot = 0; left > 0; slot += 64) {
                long word = map.get(slot % SLOTS + slot / SLOTS);
                if (Slot.kind(word) == Slot.KIND_FILE && !Slot.isPinned(word)) {
                    map.exchange(slot % SLOTS + slot / SLOTS, word ^ 1L << 20);
                    left--;
                }
            }
            SplittableRandom random = new SplittableRandom(1);
            int refused = 0;
            for (int i = 0; i < 4 * SLOTS; i++) {
                int slot = i < SLOTS ? i : random.nextInt(SLOTS);
                int status = store.store(slot, page(i + 7), 0, work);
                refused += status == StoreStatus.NO_SPACE ? 1 : 0;
            }
            assertEquals(0, refused);
            work.close();
            store.close();
        });
    }

    /** P11: one look waits once for a device that hangs, not for each record. */
    @Test
    void aLookThatCleansWhileTheDeviceHangsEnds() throws Exception {
        SweptDevice device = new SweptDevice(40, SweptDevice.Fault.SLOW, SweptDevice.Call.WRITE, 32);
        StoreConfig config = new TestConfig(SLOTS)
                .limit(1 << 20)
                .overcommit()
                .backing(directory.resolve("file"), 40L * BackingFile.SEGMENT_BYTES)
                .build();
        StoreFiles files = StoreFiles.open(config, device::open);
        PageStore store = PageStore.open(config, files);
        try (Workspace work = store.workspace()) {
            for (int slot = 0; slot < SLOTS && !device.isReached(); slot++) {
                store.store(slot, page(slot), 0, work);
            }
            for (int slot = 0; slot < 1600; slot += 2) {
                store.invalidate(slot, work);
            }
            for (int slot = 2000; slot < SLOTS; slot++) {
                if (store.storeNow(slot, page(slot), 0, work) != StoreStatus.OK) {
                    break;
                }
            }
            assertTimeoutPreemptively(Duration.ofSeconds(30), () -> {
                for (int i = 0; i < 10; i++) {
                    store.keeper().look(10_000_000_000L);
                }
            });
        } finally {
            device.heal();
        }
        store.close();
    }

    /**
     * The file's size as configured and as it is, and the encryption, at a takeover. No page is lost but those that lay
     * where the file has no bytes any more.
     */
    @ParameterizedTest
    @CsvSource({
        "-10, 0, true",
        "10, 0, true",
        "0, -10, true",
        "0, 10, true",
        "10, 10, false",
        "-10, -40, true",
        "0, 0, false"
    })
    void anotherSize(int configured, int actual, boolean encrypt) throws IOException {
        long bytes = TestConfig.leastFileBytes(SLOTS, LIMIT) + 20L * BackingFile.SEGMENT_BYTES;
        long[] words = storeAll(config(bytes, true));
        Path file = directory.resolve("file");
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            access.setLength(Files.size(file) + actual * (long) BackingFile.SEGMENT_BYTES);
        }
        long wanted = bytes + configured * (long) BackingFile.SEGMENT_BYTES;
        StoreConfig config = config(wanted, encrypt);
        StoreFiles files = StoreFiles.open(config, BackingFile::open);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            assertTrue(store.isTakenOver());
            assertEquals(bytes / BackingFile.SEGMENT_BYTES, files.parts().file().segments());
            long left = Math.min(bytes, bytes + actual * (long) BackingFile.SEGMENT_BYTES);
            for (int slot = 0; slot < SLOTS; slot++) {
                int status = store.load(slot, out, 0, work);
                boolean isCutOff = Slot.kind(words[slot]) == Slot.KIND_FILE && Slot.place(words[slot]) >= left;
                assertTrue(status == StoreStatus.OK || isCutOff && status == StoreStatus.IO_ERROR, "slot " + slot);
                assertTrue(status != StoreStatus.OK || Pages.equal(page(slot), out), "slot " + slot);
            }
            for (int slot = 0; slot < SLOTS; slot++) {
                int status = store.store(slot, page(slot + 7), 0, work);
                assertTrue(actual < 0 || status == StoreStatus.OK, "slot " + slot + " is refused");
            }
        }
    }

    /** The words that the slots have when the daemon ends. */
    private static long[] storeAll(StoreConfig config) throws IOException {
        StoreFiles files = StoreFiles.open(config, BackingFile::open);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            Daemons.store(store, work, SLOTS, 0);
            store.stopBackgroundWork();
            return LongStream.range(0, SLOTS).map(files.parts().map()::get).toArray();
        }
    }

    private static ByteBuffer page(int number) {
        return Pages.page(Pages.Kind.INCOMPRESSIBLE, number);
    }
}
