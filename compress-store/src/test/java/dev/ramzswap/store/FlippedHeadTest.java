package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Contract 5 for the head of {@code NAME.backing}, the key of the backing file and how much of it is used: each of
 * these words is there three times, and one flipped bit changes nothing at all. Most pages lie on the disk.
 */
@Timeout(60)
class FlippedHeadTest {
    private static final int SLOTS = 400;
    private static final int COPIES = 3;
    private static final int COPY_BYTES = 1024;
    private static final int WORDS = 9;

    /** One page of so many is looked at for each bit. */
    private static final int STEP = 64;

    @TempDir
    Path directory;

    private final ByteBuffer out = Pages.buffer();
    private StoreConfig config;
    private long fileBytes;

    /** Pages that were read from the disk. */
    private long reads;

    @BeforeEach
    void makeStore() throws IOException {
        config = new TestConfig(SLOTS)
                .limit(1 << 20)
                .backing(directory.resolve("file"))
                .stateDirectory(directory)
                .build();
        Daemons.store(config, SLOTS, 0);
        fileBytes = Files.size(directory.resolve("file"));
    }

    /** The same bit of all words at once, each in one copy: a word is mended whatever is the matter with others. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void changesNothingBeforeATakeover(int firstCopy) throws IOException {
        for (int bit = 0; bit < Long.SIZE; bit++) {
            flipInEachWord(firstCopy, bit);
            StoreFiles files = StoreFiles.open(config, BackingFile::open);
            try (PageStore store = PageStore.open(config, files);
                    Workspace work = store.workspace()) {
                assertLoaded(store, files, work, bit);
            }
            assertEquals(fileBytes, Files.size(directory.resolve("file")), "bit " + bit);
        }
        assertTrue(reads > Long.SIZE, reads + " pages of the disk");
    }

    /** Whoever begins to work then works as all others do. */
    @Test
    void changesNothingUnderAStoreNorForTheNext() throws IOException {
        StoreFiles files = StoreFiles.open(config, BackingFile::open);
        try (PageStore store = PageStore.open(config, files)) {
            for (int bit = 0; bit < WORDS * Long.SIZE; bit++) {
                int copy = bit % COPIES;
                flip(copy, bit / Byte.SIZE, bit % Byte.SIZE);
                try (Workspace work = store.workspace()) {
                    assertLoaded(store, files, work, bit);
                    assertEquals(StoreStatus.OK, store.store(bit % SLOTS, Daemons.page(bit % SLOTS), 0, work));
                }
                flip(copy, bit / Byte.SIZE, bit % Byte.SIZE);
            }
            flipInEachWord(0, 0);
        }
        assertTrue(reads > WORDS * Long.SIZE, reads + " pages of the disk");
        assertEquals(new Daemons.Found(SLOTS, 0, 0), Daemons.load(config, SLOTS, 0));
    }

    /** Some of the pages, others each time. */
    private void assertLoaded(PageStore store, StoreFiles files, Workspace work, int bit) {
        long before = files.parts().file().reads();
        for (int slot = bit % STEP; slot < SLOTS; slot += STEP) {
            assertEquals(StoreStatus.OK, store.load(slot, out, 0, work), "bit " + bit + ", slot " + slot);
            assertTrue(Pages.equal(Daemons.page(slot), out), "bit " + bit + ", slot " + slot);
        }
        reads += files.parts().file().reads() - before;
    }

    private void flipInEachWord(int firstCopy, int bit) throws IOException {
        for (int word = 0; word < WORDS; word++) {
            flip((firstCopy + word) % COPIES, word * Long.BYTES + bit / Byte.SIZE, bit % Byte.SIZE);
        }
    }

    private void flip(int copy, int at, int bit) throws IOException {
        try (Arena arena = Arena.ofConfined();
                FileChannel channel = FileChannel.open(
                        directory.resolve("test.backing"), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            MemorySegment head = channel.map(FileChannel.MapMode.READ_WRITE, 0, COPIES * COPY_BYTES, arena);
            long offset = copy * COPY_BYTES + at;
            head.set(JAVA_BYTE, offset, (byte) (head.get(JAVA_BYTE, offset) ^ 1 << bit));
        }
    }
}
