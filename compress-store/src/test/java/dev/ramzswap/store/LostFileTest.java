package dev.ramzswap.store;

import static dev.ramzswap.store.Daemons.FEW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

    @ParameterizedTest
    @EnumSource(names = "GONE", mode = EnumSource.Mode.EXCLUDE)
    void aNewStoreIsRefused(Trouble trouble) throws IOException {
        trouble.make(disk);
        assertThrows(IOException.class, () -> PageStore.open(config));
    }
}
