package dev.ramzswap.store;

import static dev.ramzswap.store.Daemons.FEW;
import static dev.ramzswap.store.Daemons.FILE_BYTES;
import static dev.ramzswap.store.Daemons.SLOTS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.LoopDevice;
import dev.ramzswap.store.Daemons.Found;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A daemon takes over, and what lies at the path of the backing file is not that, or is more or less of it. */
class ForeignFileTest {
    @TempDir
    Path directory;

    @RegisterExtension
    private final LoopDevice loop = new LoopDevice();

    private Path disk;
    private Path file;
    private Path otherFile;

    @BeforeEach
    void makeDisk() throws IOException {
        disk = Files.createDirectory(directory.resolve("disk"));
        file = disk.resolve("file");
        otherFile = disk.resolve("other");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theFileOfAnotherExportIsNotWrittenTo(boolean encrypt) throws IOException {
        Daemons.store(config(file, encrypt), SLOTS, 0);
        Daemons.store(otherConfig(otherFile, encrypt), SLOTS, SLOTS);
        Daemons.load(otherConfig(file, encrypt), SLOTS, SLOTS);
        storeWhatFits(otherConfig(file, encrypt), 2 * SLOTS);
        assertEquals(new Found(SLOTS, 0, 0), Daemons.load(config(file, encrypt), SLOTS, 0));
    }

    /** Unencrypted, the checksums of its records are right, wherever they were stored. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theFileOfAnotherExportIsNotReadEither(boolean encrypt) throws IOException {
        Daemons.store(config(file, encrypt), SLOTS, 0);
        Daemons.store(otherConfig(otherFile, encrypt), SLOTS, SLOTS);
        assertEquals(0, Daemons.load(config(otherFile, encrypt), SLOTS, 0).other());
    }

    /** Nothing is known of where its label is: the record itself tells whose it is. */
    @Test
    void theFileOfAnotherExportThatWasMadeLargerIsNotReadEither() throws IOException {
        Daemons.store(config(file, false), SLOTS, 0);
        Daemons.store(otherConfig(otherFile, FILE_BYTES + BackingFile.SEGMENT_BYTES), SLOTS, SLOTS);
        try (RandomAccessFile access = new RandomAccessFile(otherFile.toFile(), "rw")) {
            access.setLength(Files.size(otherFile) + (1 << 20));
        }
        assertEquals(0, Daemons.load(config(otherFile, false), SLOTS, 0).other());
    }

    @Test
    void theBlockDeviceOfAnotherExportIsNotReadEither() throws IOException, InterruptedException {
        Path device = loop.make(64 << 20);
        Daemons.store(config(file, false), SLOTS, 0);
        Daemons.store(otherConfig(device, false), SLOTS, SLOTS);
        assertEquals(0, Daemons.load(config(device, false), SLOTS, 0).other());
    }

    /** A mistake in the configuration, which is mended then. Its daemon had a file that it never used, or none. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whoNeverSpilledDoesNotWriteOverTheFileOfAnother(boolean hadFile) throws IOException {
        Daemons.store(hadFile ? config(file, true) : withoutFile(), FEW, 0);
        Daemons.store(otherConfig(otherFile, true), SLOTS, SLOTS);
        storeWhatFits(config(otherFile, true), 0);
        assertEquals(new Found(SLOTS, 0, 0), Daemons.load(otherConfig(otherFile, true), SLOTS, SLOTS));
    }

    @Test
    void whoHadNoFileBeginsOne() throws IOException {
        Daemons.store(withoutFile(), FEW, 0);
        Daemons.store(config(file, true), SLOTS, SLOTS);
        assertEquals(new Found(SLOTS, 0, 0), Daemons.load(config(file, true), SLOTS, SLOTS));
    }

    /** With segments that are worth cleaning, and none free. */
    @Test
    void nothingIsGivenUpWhileAFileIsAway() throws IOException, InterruptedException {
        StoreConfig config = Daemons.config(directory)
                .limit(1 << 20)
                .overcommit()
                .backing(file, 40L * BackingFile.SEGMENT_BYTES, true)
                .build();
        int stored = 0;
        try (PageStore store = PageStore.open(config);
                Workspace work = store.workspace()) {
            while (store.store(stored, Daemons.page(stored), 0, work) == StoreStatus.OK) {
                stored++;
            }
            store.stopBackgroundWork();
            for (int slot = 1; slot < stored; slot += 2) {
                store.invalidate(slot, work);
            }
        }
        Path away = directory.resolve("away");
        Files.move(file, away);
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            access.setLength(Files.size(away));
        }
        try (PageStore store = PageStore.open(config)) {
            for (int i = 0; i < 100; i++) {
                store.keeper().look(1_000_000_000);
            }
        }
        Files.delete(file);
        Files.move(away, file);
        try (PageStore store = PageStore.open(config);
                Workspace work = store.workspace()) {
            for (int slot = 0; slot < stored; slot += 2) {
                assertEquals(StoreStatus.OK, store.load(slot, Pages.buffer(), 0, work), "slot " + slot);
            }
        }
    }

    /** A new one in its place would be taken for it when the old one is back. */
    @ParameterizedTest
    @ValueSource(strings = {"empty directory", "no directory", "other content", "blank"})
    void aFileThatWasAwayForADaemonIsThereAgainForTheNext(String meanwhile) throws IOException {
        Daemons.store(config(file, true), SLOTS, 0);
        Path away = directory.resolve("away");
        Files.move(disk, away);
        if (!meanwhile.equals("no directory")) {
            Files.createDirectory(disk);
        }
        if (meanwhile.equals("other content")) {
            Files.writeString(file, "somebody else's".repeat(10_000));
        } else if (meanwhile.equals("blank")) {
            Files.write(file, new byte[100_000]);
        }
        Daemons.load(config(file, true), SLOTS, 0);
        Files.deleteIfExists(file);
        Files.deleteIfExists(disk);
        Files.move(away, disk);
        assertEquals(new Found(SLOTS, 0, 0), Daemons.load(config(file, true), SLOTS, 0));
    }

    @Test
    void noFileIsMadeInPlaceOfABlockDeviceThatIsGone() throws IOException, InterruptedException {
        Path link = Files.createSymbolicLink(directory.resolve("link"), loop.make(64 << 20));
        Daemons.store(config(link, true), SLOTS, 0);
        Files.delete(link);
        assertOnlyPagesOfTheFileAreLost(config(link, true));
        assertFalse(Files.exists(link));
    }

    /** If its first segment is zeroes, as if it were blank, a label at its new end would be written into a record. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aBlockDeviceThatHasBecomeSmallerIsNotWrittenTo(boolean isBeginBlank) throws IOException, InterruptedException {
        Path device = loop.make(64 << 20);
        Daemons.store(config(device, true), SLOTS, 0);
        try (RandomAccessFile access = new RandomAccessFile(device.toFile(), "rw")) {
            access.write(new byte[isBeginBlank ? 128 << 10 : 0]);
        }
        loop.resize(5 << 20);
        byte[] content = Files.readAllBytes(device);
        assertOnlyPagesOfTheFileAreLost(config(device, true));
        storeWhatFits(config(device, true), SLOTS);
        assertArrayEquals(content, Files.readAllBytes(device));
    }

    @Test
    void aBlockDeviceThatHasBecomeLargerServesAsBefore() throws IOException, InterruptedException {
        Path device = loop.make(32 << 20);
        Daemons.store(config(device, true), SLOTS, 0);
        loop.resize(64 << 20);
        assertEquals(new Found(SLOTS, 0, 0), Daemons.load(config(device, true), SLOTS, 0));
        Daemons.store(config(device, true), SLOTS, SLOTS);
        assertEquals(new Found(SLOTS, 0, 0), Daemons.load(config(device, true), SLOTS, SLOTS));
    }

    private StoreConfig config(Path path, boolean encrypt) {
        return Daemons.config(directory).backing(path, FILE_BYTES, encrypt).build();
    }

    private StoreConfig withoutFile() {
        return Daemons.config(directory).overcommit().build();
    }

    /** Of another export, with a state of its own. */
    private StoreConfig otherConfig(Path path, boolean encrypt) {
        return Daemons.config(directory.resolve("others"))
                .backing(path, FILE_BYTES, encrypt)
                .build();
    }

    private StoreConfig otherConfig(Path path, long bytes) {
        return Daemons.config(directory.resolve("others"))
                .backing(path, bytes, false)
                .build();
    }

    /** Of a file that is not there, or not whole. */
    private static void assertOnlyPagesOfTheFileAreLost(StoreConfig config) throws IOException {
        StoreFiles files = StoreFiles.open(config, BackingFile::open);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            ByteBuffer out = Pages.buffer();
            int lost = 0;
            for (int slot = 0; slot < SLOTS; slot++) {
                boolean isInFile = Slot.kind(files.parts().map().get(slot)) == Slot.KIND_FILE;
                int status = store.load(slot, out, 0, work);
                boolean isRight = status == StoreStatus.OK && Pages.equal(Daemons.page(slot), out);
                assertTrue(isRight || isInFile && status == StoreStatus.IO_ERROR, "slot " + slot + ": " + status);
                lost += isRight ? 0 : 1;
            }
            assertTrue(lost > 0, "nothing is gone");
        }
    }

    /** Without a file that can be used that is not all. */
    private static void storeWhatFits(StoreConfig config, int first) throws IOException {
        try (PageStore store = PageStore.open(config);
                Workspace work = store.workspace()) {
            assertTrue(store.isTakenOver());
            for (int slot = 0; slot < SLOTS; slot++) {
                store.storeNow(slot, Daemons.page(first + slot), 0, work);
            }
        }
    }
}
