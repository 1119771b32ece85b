package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.linux.Errno;
import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class FileDeviceTest {
    private static final long BYTES = 4L * SEGMENT_BYTES;

    private static final Label LABEL = new Label(1);

    @TempDir
    Path dir;

    @RegisterExtension
    private final DiskImage disk = new DiskImage();

    @Test
    void aPlainFileIsMadeForItsOwnerAndReservedInFull() throws IOException, InterruptedException {
        Path path = dir.resolve("file");
        try (FileDevice device = open(path, FileDevice.capacity(path, BYTES - 1))) {
            assertEquals("backing file " + path, device.toString());
        }
        assertEquals(sizeFor(BYTES), Files.size(path));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
        Process stat = new ProcessBuilder("stat", "-c", "%b", path.toString()).start();
        String blocks = new String(stat.getInputStream().readAllBytes()).trim();
        assertEquals(0, stat.waitFor());
        assertTrue(Long.parseLong(blocks) >= BYTES / 512, blocks + " blocks");
    }

    @Test
    void aBackingFileIsUsedAgainAndResized() throws IOException {
        Path path = dir.resolve("file");
        for (long bytes : new long[] {BYTES, 2 * BYTES, BYTES}) {
            try (FileDevice device = open(path, bytes)) {
                writeAndRead(device);
            }
            assertEquals(sizeFor(bytes), Files.size(path));
        }
    }

    @Test
    void anEmptyOrZeroedFileIsTaken() throws IOException {
        Path path = Files.write(dir.resolve("file"), new byte[100_000]);
        open(path, BYTES).close();
        Path empty = Files.createFile(dir.resolve("empty"));
        open(empty, BYTES).close();
    }

    @Test
    void readsAndWritesPastThePageCacheOrThroughIt() throws IOException {
        try (FileDevice device = open(dir.resolve("file"), BYTES)) {
            writeAndRead(device);
        }
        try (FileDevice device = FileDevice.open(dir.resolve("file"), BYTES, LABEL, FileDeviceTest::withoutDirect)) {
            assertFalse(device.direct());
            writeAndRead(device);
        }
    }

    @Test
    void triesWithoutDirectOnlyWhereThatIsTheCause() {
        int[] calls = {0};
        ErrnoException e = assertThrows(
                ErrnoException.class,
                () -> FileDevice.open(dir.resolve("file"), BYTES, LABEL, (path, flags) -> {
                    calls[0]++;
                    throw new ErrnoException("open", path.toString(), Errno.ENOMEM);
                }));
        assertEquals(Errno.ENOMEM, e.errno());
        assertEquals(1, calls[0]);
    }

    @Test
    void refusesAFileThatIsInUse() throws IOException {
        Path path = dir.resolve("file");
        try (FileDevice first = open(path, BYTES)) {
            assertEquals("backing file " + path, first.toString());
            assertMessage(path, BYTES, path + " is in use by another process: stop that one, or give another file");
        }
    }

    @Test
    void refusesWhatIsNoFile() {
        assertMessage(dir, BYTES, dir + " is neither a plain file nor a block device: it cannot be a backing file");
        Path device = Path.of("/dev/null");
        assertMessage(
                device, BYTES, device + " is neither a plain file nor a block device: it cannot be a backing file");
    }

    @Test
    void refusesAMissingDirectory() {
        Path path = dir.resolve("missing/file");
        assertMessage(path, BYTES, "the directory of " + path + " does not exist: make it, or give another path");
    }

    @Test
    void aSizeThatCannotServeIsRefusedAndNothingIsMade() {
        Path path = dir.resolve("file");
        assertNoCapacity(path, 0, "the backing file " + path + " cannot have 0 bytes: give it a size");
        assertNoCapacity(
                path,
                SEGMENT_BYTES,
                "backing file " + path + " has 262144 bytes: it must have 1048576 or more, and less than 512 TiB");
        assertFalse(Files.exists(path));
    }

    private static void assertNoCapacity(Path path, long bytes, String message) {
        IOException e = assertThrows(IOException.class, () -> FileDevice.capacity(path, bytes));
        assertEquals(message, e.getMessage());
    }

    @Test
    void refusesAFileThatMayNotBeWritten() {
        Path path = dir.resolve("file");
        assertEquals(
                path + " is not writable for this user: open " + path + ": Permission denied, EACCES (13)",
                refusal(path, Errno.EACCES));
        assertEquals(
                path + " is on a read-only file system or device: make that writable, or give another path: open "
                        + path + ": Read-only file system, EROFS (30)",
                refusal(path, Errno.EROFS));
    }

    private static String refusal(Path path, int errno) {
        return assertThrows(
                        IOException.class,
                        () -> FileDevice.open(path, BYTES, LABEL, (p, flags) -> {
                            throw new ErrnoException("open", p.toString(), errno);
                        }))
                .getMessage();
    }

    @Test
    void saysHowMuchRoomIsMissingAndLeavesNothing() throws IOException {
        Path path = dir.resolve("file");
        long tooMuch = (dir.toFile().getTotalSpace() / SEGMENT_BYTES + 1) * SEGMENT_BYTES;
        IOException e = assertThrows(IOException.class, () -> open(path, tooMuch));
        String message = Pattern.quote(
                        "no room for the backing file " + path + ": it needs " + sizeFor(tooMuch) + " bytes, and ")
                + "[1-9]\\d* are free; give it a smaller size or another place";
        assertTrue(e.getMessage().matches(message), e.getMessage());
        assertFalse(Files.exists(path));
    }

    @Test
    void aFileThatCannotGrowKeepsItsSize() throws IOException {
        Path path = Files.write(dir.resolve("file"), new byte[100]);
        assertThrows(IOException.class, () -> open(path, 1L << 62));
        assertEquals(100, Files.size(path));
    }

    /** He who had the lock has removed the file: as a start that fails does with one that it has made. */
    @Test
    void aFileThatWasRemovedWhileItsLockWasAwaitedIsNotServed() throws IOException {
        Path path = dir.resolve("file");
        NativeFile holder = NativeFile.open(path, NativeFile.O_RDWR | NativeFile.O_CREAT);
        int[] calls = {0};
        FileOpening.Opener removing = (p, flags) -> {
            NativeFile opened = NativeFile.open(p, flags);
            if (calls[0]++ == 0) {
                remove(p, holder);
            }
            return opened;
        };
        assertTrue(holder.tryLock());
        FileDevice.open(path, BYTES, LABEL, removing).close();
        assertEquals(2, calls[0]);
        FileDevice.reopen(path, BYTES, LABEL, NativeFile::open).close();
    }

    private static void remove(Path path, NativeFile holder) {
        try {
            Files.delete(path);
            holder.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** To a place where the file was yet to be made. */
    @Test
    void aStartThatFailsLeavesALinkAndRemovesWhatItHasMade() throws IOException {
        Path target = dir.resolve("target");
        Path link = Files.createSymbolicLink(dir.resolve("link"), target);
        assertThrows(IOException.class, () -> open(link, 1L << 62));
        assertTrue(Files.isSymbolicLink(link));
        assertFalse(Files.exists(target));
    }

    @Test
    void aFileThatOthersCouldReadIsItsOwnersFromThenOn() throws IOException {
        Path path = Files.write(dir.resolve("file"), new byte[4096]);
        for (int time = 0; time < 2; time++) {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r--r--"));
            List<String> concerns = Medium.concerns(path);
            assertTrue(concerns.getLast().contains(" is open to others (rw-r--r--)"), () -> "" + concerns);
            open(path, BYTES).close();
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
            assertFalse(("" + Medium.concerns(path)).contains("open to others"));
        }
    }

    @Test
    void whatCannotBeReachedIsNotGone() throws IOException {
        Path path = Files.createSymbolicLink(dir.resolve("link"), dir.resolve("link"));
        IOException e =
                assertThrows(ErrnoException.class, () -> FileDevice.reopen(path, BYTES, LABEL, NativeFile::open));
        assertFalse(e.getMessage().contains(" is gone"), e.getMessage());
        Path missing = dir.resolve("missing");
        e = assertThrows(IOException.class, () -> FileDevice.reopen(missing, BYTES, LABEL, NativeFile::open));
        assertEquals(missing + " is gone", e.getMessage());
    }

    /** A disk that is not there yet, or a typing error; nor through a link, as those of LVM are. */
    @Test
    void noPlainFileIsMadeAmongTheDevices() throws IOException {
        Path path = Path.of("/dev/ramzswap-" + ProcessHandle.current().pid());
        Path link = Files.createSymbolicLink(dir.resolve("link"), path);
        try {
            for (Path missing : List.of(path, link)) {
                IOException e = assertThrows(IOException.class, () -> open(missing, BYTES));
                assertTrue(
                        e.getMessage().startsWith("there is no " + missing + ", and no file is made"), e.getMessage());
                assertFalse(Files.exists(path));
            }
        } finally {
            Files.deleteIfExists(path);
        }
    }

    /** Ext2 can write past the page cache, but not allocate ahead. */
    @Test
    void aBlankFileOfOddLengthIsUsedPastThePageCache() throws IOException, InterruptedException {
        Path path = Files.write(disk.mountExt("ext2", 16 << 20, 0).resolve("file"), new byte[5000]);
        try (FileDevice device = open(path, BYTES)) {
            assertTrue(device.direct());
            writeAndRead(device);
        }
    }

    private static long sizeFor(long bytes) {
        return Label.HEAD_BYTES + bytes + Label.BYTES;
    }

    private static FileDevice open(Path path, long bytes) throws IOException {
        return FileDevice.open(path, bytes, LABEL, NativeFile::open);
    }

    private static NativeFile withoutDirect(Path path, int flags) throws ErrnoException {
        if ((flags & NativeFile.O_DIRECT) != 0) {
            throw new ErrnoException("open", path.toString(), Errno.EINVAL);
        }
        return NativeFile.open(path, flags);
    }

    private static void writeAndRead(FileDevice device) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(SEGMENT_BYTES, 4096).fill((byte) 5);
            assertEquals(SEGMENT_BYTES, device.write(memory, SEGMENT_BYTES, SEGMENT_BYTES));
            MemorySegment read = arena.allocate(8192, 4096);
            assertEquals(8192, device.read(read, 8192, SEGMENT_BYTES - 4096));
            assertEquals(4096, read.mismatch(arena.allocate(8192)));
            assertEquals(-1, read.asSlice(4096).mismatch(memory.asSlice(0, 4096)));
        }
    }

    private static void assertMessage(Path path, long bytes, String message) {
        IOException e = assertThrows(IOException.class, () -> open(path, bytes));
        assertEquals(message, e.getMessage());
    }
}
