package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Contract 5: one flipped bit, wherever it is in what a store remembers, costs the one page at most that it belongs to:
 * that page is right or an error, no other page changes, nothing is thrown, nothing hangs.
 */
class FlippedBitTest {
    private static final int SLOTS = 1024;

    /** Slots whose words and records are damaged: a page of each kind, and one that was never stored. */
    private static final int[] VICTIMS = {0, 1, 2, 3, 4, 5, 6, 7, SLOTS - 1};

    private static final int LAST_STORED = 200;

    @TempDir
    Path directory;

    private final ByteBuffer out = Pages.buffer();
    private final ByteBuffer zeroes = Pages.buffer();
    private StoreFiles files;
    private PageStore store;
    private Workspace work;

    private TestConfig config() {
        return new TestConfig(SLOTS).limit(512 << 10).overcommit().backing(directory.resolve("file"));
    }

    private void open(StoreConfig config) throws IOException {
        files = StoreFiles.open(config, dev.ramzswap.backing.BackingFile::open);
        store = PageStore.open(config, files);
        work = store.workspace();
    }

    private void fill() {
        for (int slot = 0; slot < LAST_STORED; slot++) {
            assertEquals(StoreStatus.OK, store.store(slot, Pages.page(slot), 0, work));
        }
    }

    private void close() {
        work.close();
        store.close();
    }

    private ByteBuffer expected(int slot) {
        return slot < LAST_STORED ? Pages.page(slot) : zeroes;
    }

    private int load(int slot, String what) {
        int status = store.load(slot, out, 0, work);
        assertTrue(
                status == StoreStatus.IO_ERROR || status == StoreStatus.OK && Pages.equal(expected(slot), out),
                () -> what + ": slot " + slot + ", status " + status);
        return status;
    }

    private void checkOthers(int victim, String what) {
        for (int slot = 0; slot < LAST_STORED; slot++) {
            if (slot != victim) {
                assertEquals(StoreStatus.OK, load(slot, what), what + ": slot " + slot);
            }
        }
    }

    /** The slot takes a new page, which is dropped and stored again, and harms nobody. */
    private void renew(int victim, String what) {
        assertEquals(StoreStatus.OK, store.store(victim, Pages.page(Pages.Kind.HALF, 9), 0, work), what);
        store.invalidate(victim, work);
        if (victim < LAST_STORED) {
            assertEquals(StoreStatus.OK, store.store(victim, Pages.page(victim), 0, work), what);
        }
        assertEquals(StoreStatus.OK, load(victim, what), what);
    }

    @Test
    void inAWordUnderAStore() {
        assertTimeoutPreemptively(Duration.ofMinutes(2), () -> {
            open(config().build());
            fill();
            SlotMap map = files.parts().map();
            for (int victim : VICTIMS) {
                for (int bit = 0; bit < 64; bit++) {
                    String what = "bit " + bit + " of the word of slot " + victim;
                    long word = map.get(victim);
                    map.exchange(victim, word ^ 1L << bit);
                    load(victim, what);
                    int patched = store.patch(victim, 8, 8, zeroes, 8, work);
                    assertTrue(patched == StoreStatus.IO_ERROR || patched == StoreStatus.OK, what);
                    renew(victim, what);
                    checkOthers(victim, what);
                }
            }
            close();
        });
    }

    @Test
    void inTheHeaderOfARecordUnderAStore() {
        assertTimeoutPreemptively(Duration.ofMinutes(2), () -> {
            open(new TestConfig(SLOTS).build());
            fill();
            SlotMap map = files.parts().map();
            for (int victim : VICTIMS) {
                for (int bit = 0; bit < 8 * Record.HEADER_BYTES; bit++) {
                    long word = map.get(victim);
                    if (Slot.kind(word) == Slot.KIND_POOL) {
                        String what = "bit " + bit + " of the record of slot " + victim;
                        flip(Slot.place(word) + bit / 8, bit % 8);
                        load(victim, what);
                        renew(victim, what);
                        checkOthers(victim, what);
                    }
                }
            }
            for (int slot = 0; slot < LAST_STORED; slot++) {
                store.invalidate(slot, work);
            }
            close();
        });
    }

    private void flip(long place, int bit) {
        var memory = files.parts().pool().memory();
        byte old = memory.get(java.lang.foreign.ValueLayout.JAVA_BYTE, place);
        memory.set(java.lang.foreign.ValueLayout.JAVA_BYTE, place, (byte) (old ^ 1 << bit));
    }

    @Test
    void inAWordBeforeATakeover() {
        assertTimeoutPreemptively(Duration.ofMinutes(3), () -> {
            StoreConfig config = config().stateDirectory(directory).build();
            open(config);
            fill();
            close();
            for (int victim : VICTIMS) {
                for (int bit = 0; bit < 64; bit += 3) {
                    String what = "bit " + bit + " of the word of slot " + victim;
                    flipInFile("map", victim * 8L + bit / 8, bit % 8);
                    open(config);
                    assertTrue(store.isTakenOver());
                    load(victim, what);
                    checkOthers(victim, what);
                    renew(victim, what);
                    close();
                }
            }
        });
    }

    /** Of the key, and of what says how much of the file is in use: each is there three times. */
    @Test
    void inTheHeadOfTheBackingFilesStateBeforeATakeover() {
        assertTimeoutPreemptively(Duration.ofMinutes(2), () -> {
            StoreConfig config = config().stateDirectory(directory).build();
            open(config);
            fill();
            long size = java.nio.file.Files.size(directory.resolve("file"));
            close();
            for (int bit = 0; bit < 8 * 72; bit += 7) {
                String what = "bit " + bit + " of the head";
                flipInFile("backing", bit / 8 + bit % 3 * 1024L, bit % 8);
                open(config);
                checkOthers(-1, what);
                close();
                assertEquals(size, java.nio.file.Files.size(directory.resolve("file")), what);
            }
        });
    }

    /** Review of 27 November, 1.4: a word that points to another slot's record took that one with it. */
    @Test
    void aWordThatIsAnotherSlotsCostsOnlyItsOwnSlot() throws IOException {
        StoreConfig config = new TestConfig(SLOTS).stateDirectory(directory).build();
        open(config);
        for (int slot = 0; slot < 100; slot++) {
            assertEquals(StoreStatus.OK, store.store(slot, Pages.page(Pages.Kind.HALF, slot), 0, work));
        }
        close();
        try (RandomAccessFile map =
                new RandomAccessFile(directory.resolve("test.map").toFile(), "rw")) {
            map.seek(7 * 8);
            long word = map.readLong();
            map.seek(5 * 8);
            map.writeLong(word);
        }
        open(config);
        assertEquals(StoreStatus.IO_ERROR, store.load(5, out, 0, work));
        store.invalidate(5, work);
        for (int round = 0; round < 3; round++) {
            for (int slot = 200; slot < 300; slot++) {
                assertEquals(StoreStatus.OK, store.store(slot, Pages.page(Pages.Kind.HALF, slot + round), 0, work));
            }
            for (int slot = 0; slot < 100; slot++) {
                if (slot != 5) {
                    assertEquals(StoreStatus.OK, store.load(slot, out, 0, work), "slot " + slot);
                    assertTrue(Pages.equal(Pages.page(Pages.Kind.HALF, slot), out), "slot " + slot);
                }
            }
            store.store(7, Pages.page(Pages.Kind.HALF, 7), 0, work);
        }
        close();
    }

    private void flipInFile(String part, long at, int bit) throws IOException {
        try (RandomAccessFile file =
                new RandomAccessFile(directory.resolve("test." + part).toFile(), "rw")) {
            file.seek(at);
            int value = file.read();
            file.seek(at);
            file.write(value ^ 1 << bit);
        }
    }
}
