package dev.ramzswap.store;

import static dev.ramzswap.store.Daemons.FEW;
import static dev.ramzswap.store.Daemons.SLOTS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A backing file that a daemon cannot use though the one before it could. */
class LostFileTest {
    /** What is wrong with it. */
    private enum Trouble {
        GONE {
            @Override
            void make(Path disk) throws IOException {
                Files.deleteIfExists(disk.resolve("file"));
            }
        },
        DIRECTORY_GONE {
            @Override
            void make(Path disk) throws IOException {
                Files.deleteIfExists(disk.resolve("file"));
                Files.delete(disk);
            }
        },
        A_DIRECTORY {
            @Override
            void make(Path disk) throws IOException {
                Files.deleteIfExists(disk.resolve("file"));
                Files.createDirectory(disk.resolve("file"));
            }
        },
        OTHER_CONTENT {
            @Override
            void make(Path disk) throws IOException {
                Files.writeString(disk.resolve("file"), "somebody else's".repeat(10_000));
            }
        };

        abstract void make(Path disk) throws IOException;
    }

    @TempDir
    Path directory;

    private Path disk;
    private StoreConfig config;

    @BeforeEach
    void makeDisk() throws IOException {
        disk = Files.createDirectory(directory.resolve("disk"));
        config = Daemons.withFile(directory, disk.resolve("file"));
    }

    /** That is also so if no page ever went to it. */
    @ParameterizedTest
    @EnumSource
    void pagesInRamAreTakenOver(Trouble trouble) throws IOException {
        Daemons.store(config, FEW, 0);
        trouble.make(disk);
        assertEquals(new Daemons.Found(FEW, 0, 0), Daemons.load(config, FEW, 0));
    }

    @Test
    void pagesInRamAreTakenOverThoughSomebodyHasLockedIt() throws IOException {
        Daemons.store(config, FEW, 0);
        try (NativeFile file = NativeFile.open(disk.resolve("file"), NativeFile.O_RDWR)) {
            file.tryLock();
            assertEquals(new Daemons.Found(FEW, 0, 0), Daemons.load(config, FEW, 0));
        }
    }

    @Test
    void pagesInRamAreTakenOverThoughWhatIsKnownOfItIsGoneToo() throws IOException {
        Daemons.store(config, FEW, 0);
        Files.delete(directory.resolve("state/test.backing"));
        Trouble.OTHER_CONTENT.make(disk);
        assertEquals(new Daemons.Found(FEW, 0, 0), Daemons.load(config, FEW, 0));
    }

    @Test
    void pagesInAFileOfWhichOneDaemonCannotHaveWhatIsKnownAreThereForTheNext() throws IOException {
        Daemons.store(config, SLOTS, 0);
        Path part = directory.resolve("state/test.backing");
        Path away = Files.move(part, directory.resolve("state/away"));
        Files.createSymbolicLink(part, part); // ELOOP, like any other error of the system
        try (PageStore store = PageStore.open(config);
                Workspace work = store.workspace()) {
            Daemons.Found found = Daemons.load(store, work, SLOTS, 0);
            assertEquals(new Daemons.Found(found.right(), SLOTS - found.right(), 0), found);
            assertTrue(found.right() > 0, "none of RAM");
            store.setLimit(2 * Daemons.LIMIT);
        }
        Files.move(away, part, StandardCopyOption.REPLACE_EXISTING);
        assertEquals(new Daemons.Found(SLOTS, 0, 0), Daemons.load(config, SLOTS, 0));
    }

    @Test
    void nobodyWaitsForOneThatIsNotWrittenToAnyMore() throws IOException {
        Daemons.store(config, SLOTS, 0);
        Files.delete(disk.resolve("file"));
        StoreFiles files = StoreFiles.open(config, BackingFile::open);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            int slot = 0;
            while (store.storeNow(slot, Daemons.page(slot), 0, work) == StoreStatus.OK
                    || !files.parts().file().failing()) {
                slot = (slot + 1) % SLOTS;
            }
            assertFalse(files.parts().file().failsForAMoment());
        }
    }

    @ParameterizedTest
    @EnumSource(names = "GONE", mode = EnumSource.Mode.EXCLUDE)
    void aNewStoreIsRefused(Trouble trouble) throws IOException {
        trouble.make(disk);
        assertThrows(IOException.class, () -> PageStore.open(config));
    }

    @Test
    void pagesInAFileThatADaemonWasNotGivenAreThereForTheNext() throws IOException {
        Daemons.store(config, SLOTS, 0);
        int stored = 10;
        int dropped = SLOTS - 10;
        try (PageStore store =
                        PageStore.open(Daemons.config(directory).overcommit().build());
                Workspace work = store.workspace()) {
            long inFile = store.counters().get(Counters.Counter.BD_COUNT);
            Daemons.Found found = Daemons.load(store, work, SLOTS, 0);
            assertEquals(new Daemons.Found(SLOTS - (int) inFile, (int) inFile, 0), found);
            Daemons.store(store, work, stored, SLOTS);
            for (int slot = dropped; slot < SLOTS; slot++) {
                store.invalidate(slot, work);
            }
        }
        try (PageStore store = PageStore.open(config);
                Workspace work = store.workspace()) {
            assertEquals(new Daemons.Found(stored, 0, 0), Daemons.load(store, work, stored, SLOTS));
            assertEquals(new Daemons.Found(dropped - stored, 0, stored), Daemons.load(store, work, dropped, 0));
            assertEquals(PageStore.HOLE, store.extent(dropped));
            Daemons.store(store, work, SLOTS, 2 * SLOTS);
            assertEquals(new Daemons.Found(SLOTS, 0, 0), Daemons.load(store, work, SLOTS, 2 * SLOTS));
        }
    }
}
