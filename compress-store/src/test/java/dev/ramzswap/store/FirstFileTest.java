package dev.ramzswap.store;

import static dev.ramzswap.store.Daemons.FEW;
import static dev.ramzswap.store.Daemons.FILE_BYTES;
import static dev.ramzswap.store.Daemons.LIMIT;
import static dev.ramzswap.store.Daemons.SLOTS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.store.Daemons.Found;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A store that had no backing file is taken over with one. If that cannot be begun, the next daemon tries again. */
class FirstFileTest {
    @TempDir
    Path directory;

    private Path file;
    private Path part;

    @BeforeEach
    void storeFew() throws IOException {
        file = directory.resolve("disk/file");
        part = directory.resolve("state/test.backing");
        Daemons.store(Daemons.config(directory).overcommit().build(), FEW, 0);
    }

    @Test
    void oneWhoseDirectoryIsMissing() throws IOException {
        assertEquals(new Found(FEW, 0, 0), Daemons.load(config(FILE_BYTES), FEW, 0));
        Files.createDirectory(file.getParent());
        assertIsBegun();
    }

    @Test
    void oneThatIsTooSmall() throws IOException {
        Files.createDirectory(file.getParent());
        assertEquals(new Found(FEW, 0, 0), Daemons.load(config(1), FEW, 0));
        assertIsBegun();
    }

    /** That it is given another size is what the log asks for. */
    @Test
    void oneForWhichThereWasNoRoom() throws IOException {
        Files.createDirectory(file.getParent());
        assertEquals(new Found(FEW, 0, 0), Daemons.load(config(1L << 40), FEW, 0));
        assertIsBegun();
    }

    /** A daemon was killed just after it had made the part of the state; the next one is given another size. */
    @Test
    void oneOfAnotherSizeThanADaemonThatWasKilledWasGiven() throws IOException {
        Files.createDirectory(file.getParent());
        try (RandomAccessFile access = new RandomAccessFile(part.toFile(), "rw")) {
            access.setLength(4096 + BackingFile.STAGING_BYTES + 8192);
        }
        assertIsBegun();
    }

    /** The kernel waits for the pages, and what is on the way to the file may never end. */
    @Test
    void underSwapItIsNotEvenLookedAt() throws IOException {
        Files.createDirectory(file.getParent());
        StoreConfig config = Daemons.config(directory)
                .overcommit()
                .ahead(Region.BYTES)
                .backing(file, FILE_BYTES)
                .build();
        assertEquals(new Found(FEW, 0, 0), Daemons.load(config, FEW, 0));
        assertFalse(Files.exists(file));
        assertFalse(Files.exists(part));
    }

    /** Under swap (memory ahead), or as its directory is missing. */
    @ParameterizedTest
    @ValueSource(longs = {0, Region.BYTES})
    void withoutItALimitThatWasLoweredForItStays(long ahead) throws IOException {
        TestConfig config = Daemons.config(directory).overcommit().ahead(ahead).backing(file, FILE_BYTES);
        assertEquals(LIMIT, takenOverWith(config.limit(LIMIT / 2)));
        assertEquals(2 * LIMIT, takenOverWith(config.limit(2 * LIMIT)), "more is better");
        Daemons.store(Daemons.config(directory).limit(StoreConfig.NO_LIMIT).build(), FEW, 0);
        assertEquals(StoreConfig.NO_LIMIT, takenOverWith(config.limit(LIMIT / 2)));
    }

    private static long takenOverWith(TestConfig config) throws IOException {
        try (PageStore store = PageStore.open(config.build())) {
            return store.limit();
        }
    }

    private StoreConfig config(long bytes) {
        return Daemons.config(directory).overcommit().backing(file, bytes).build();
    }

    private void assertIsBegun() throws IOException {
        StoreConfig config = config(FILE_BYTES);
        try (PageStore store = PageStore.open(config);
                Workspace work = store.workspace()) {
            assertEquals(new Found(FEW, 0, 0), Daemons.load(store, work, FEW, 0));
            Daemons.store(store, work, SLOTS, 1);
        }
        assertEquals(new Found(SLOTS, 0, 0), Daemons.load(config, SLOTS, 1));
    }
}
