package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.linux.NativeFile;
import dev.ramzswap.linux.Preallocation;
import dev.ramzswap.linux.Progress;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A file that finds no room leaves the disk as full as it was. */
class ReservationTest {
    private static final int MIB = 1 << 20;
    private static final int BLOCK_BYTES = 4096;

    /** What ext4 keeps in a list of blocks that was long once. */
    private static final int TREE_BYTES = 4 * BLOCK_BYTES;

    @RegisterExtension
    private final DiskImage image = new DiskImage();

    private Path disk;
    private Path path;

    private void makeDisk(int reservedPercent) throws IOException, InterruptedException {
        disk = image.mountExt("ext4", 64 * MIB, reservedPercent);
        path = disk.resolve("file");
    }

    @Test
    void aSparseFileThatFindsNoRoomStaysSparse() throws IOException, InterruptedException {
        makeDisk(0);
        long bytes = 96L * MIB;
        setLength(bytes);
        long before = free();
        IOException e = assertThrows(IOException.class, () -> open(bytes - SEGMENT_BYTES - Label.HEAD_BYTES));
        assertTrue(e.getMessage().startsWith("no room for the backing file " + path), e.getMessage());
        assertEquals(before, free());
        assertEquals(bytes, Files.size(path));
    }

    @Test
    void whatAFileHasAlreadyNeedsNoOtherRoom() throws IOException, InterruptedException {
        makeDisk(0);
        long bytes = 32L * MIB;
        open(bytes);
        assertTrue(free() < bytes);
        open(bytes);
    }

    /**
     * Free blocks of which none is beside another, so that their number suffices, but not for the list of them: ENOSPC
     * comes in the midst.
     */
    @Test
    void blocksThatWereTakenBeforeRoomRanOutAreGivenBack() throws IOException, InterruptedException {
        makeDisk(0);
        long bytes = 16L * MIB;
        Files.write(path, new byte[BLOCK_BYTES]);
        setLength(Label.HEAD_BYTES + bytes + Label.BYTES);
        try (NativeFile comb = NativeFile.open(disk.resolve("comb"), NativeFile.O_RDWR | NativeFile.O_CREAT)) {
            Preallocation.of(comb, 48L * MIB, new Progress("filling", 0));
            reserveRest();
            long missing = Label.HEAD_BYTES + bytes + Label.BYTES - BLOCK_BYTES;
            for (long at = 0; free() < missing; at += 2 * BLOCK_BYTES) {
                comb.punchHole(at, BLOCK_BYTES);
            }
        }
        long before = free();
        IOException e = assertThrows(IOException.class, () -> open(bytes));
        assertTrue(e.getMessage().startsWith("no room for the backing file " + path), e.getMessage());
        assertTrue(before - free() <= TREE_BYTES, () -> before + " bytes were free, and are " + free());
    }

    /** Who can mount a disk is root. */
    @Test
    void whatIsKeptForRootIsRoomForRoot() throws IOException, InterruptedException {
        makeDisk(20);
        long bytes = (free() / SEGMENT_BYTES + 8) * SEGMENT_BYTES;
        open(bytes);
        assertEquals(0, free());
    }

    /** Blocks behind the end that the file is to have are none that it needs. */
    @Test
    void aFileThatHasBlocksEnoughInTheWrongPlaceIsNotSaidToLackNone() throws IOException, InterruptedException {
        makeDisk(0);
        try (NativeFile file = NativeFile.open(path, NativeFile.O_RDWR | NativeFile.O_CREAT)) {
            Preallocation.of(file, 50L * MIB, new Progress("filling", 0));
            file.punchHole(0, 25L * MIB);
        }
        try (NativeFile rest = NativeFile.open(disk.resolve("rest"), NativeFile.O_RDWR | NativeFile.O_CREAT)) {
            Preallocation.of(rest, free() - 10L * MIB, new Progress("filling", 0));
        }
        IOException e = assertThrows(IOException.class, () -> open(24L * MIB));
        String message = "no room for the backing file " + path + ": it needs \\d+ bytes, and \\d+ are free; .*";
        assertTrue(e.getMessage().matches(message), e.getMessage());
    }

    private void reserveRest() throws IOException {
        try (NativeFile rest = NativeFile.open(disk.resolve("rest"), NativeFile.O_RDWR | NativeFile.O_CREAT)) {
            Preallocation.of(rest, free() / BLOCK_BYTES * BLOCK_BYTES - 2 * BLOCK_BYTES, new Progress("filling", 0));
        }
    }

    private void open(long bytes) throws IOException {
        FileDevice.open(path, bytes, new Label(1), NativeFile::open).close();
    }

    private long free() {
        return disk.toFile().getUsableSpace();
    }

    private void setLength(long bytes) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(bytes);
        }
    }
}
