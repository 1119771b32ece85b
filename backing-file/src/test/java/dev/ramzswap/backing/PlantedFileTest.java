package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ramzswap.linux.Errno;
import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.NativeFile;
import dev.ramzswap.linux.Progress;
import dev.ramzswap.linux.Self;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever may write to the directory puts something else there, before the file is opened or while it is looked at. */
class PlantedFileTest {
    private static final long BYTES = 4L * SEGMENT_BYTES;
    private static final long TOO_MUCH = 1L << 62;
    private static final Label LABEL = new Label(1);

    @TempDir
    Path dir;

    private Path path;
    private Path victim;

    @BeforeEach
    void makeVictim() throws IOException {
        path = dir.resolve("file");
        victim = Files.write(dir.resolve("victim"), new byte[10]);
        Files.setPosixFilePermissions(victim, PosixFilePermissions.fromString("rw-r--r--"));
    }

    @Test
    void theModeOfAnotherFileStays() throws IOException {
        Files.write(path, new byte[SEGMENT_BYTES]);
        openWhileItIsReplaced(BYTES);
        assertEquals("rw-r--r--", modeOf(victim));
        assertEquals("rw-------", modeOf(dir.resolve("moved")));
    }

    @Test
    void anotherFileIsNotRemoved() {
        assertThrows(IOException.class, () -> openWhileItIsReplaced(TOO_MUCH));
        assertTrue(Files.exists(victim));
        assertTrue(Files.isSymbolicLink(path));
    }

    /** In the first look at whether it is blank, with the lock held. */
    private void openWhileItIsReplaced(long bytes) throws IOException {
        boolean[] isReplaced = {false};
        ScopedValue.where(Progress.CLOCK, () -> {
                    if (!isReplaced[0]) {
                        isReplaced[0] = true;
                        replace();
                    }
                    return 0;
                })
                .<Void, IOException>call(() -> {
                    FileDevice.open(path, bytes, LABEL, NativeFile::open).close();
                    return null;
                });
    }

    private void replace() {
        try {
            Files.move(path, dir.resolve("moved"));
            Files.createSymbolicLink(path, victim);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aFileThatIsRefusedKeepsItsMode() throws IOException {
        for (String mode : new String[] {"rw-rw-r--", "rwxr-xr-x"}) {
            Files.setPosixFilePermissions(victim, PosixFilePermissions.fromString(mode));
            assertThrows(
                    IOException.class,
                    () -> FileDevice.open(victim, TOO_MUCH, LABEL, NativeFile::open)
                            .close());
            assertEquals(mode, modeOf(victim));
        }
    }

    @Test
    void aFileThatGoesWhileItIsOpenedIsGoneAndNotItsDirectory() throws IOException {
        FileDevice.open(path, BYTES, LABEL, NativeFile::open).close();
        IOException e = assertThrows(
                IOException.class,
                () -> FileDevice.reopen(path, BYTES, LABEL, (p, flags) -> {
                    assertTrue(p.toFile().delete());
                    return NativeFile.open(p, flags);
                }));
        assertEquals(path + " is gone", e.getMessage());
    }

    @Test
    void aLinkToNowhereDoesNotDenyItsOwnDirectory() throws IOException {
        Files.createSymbolicLink(path, dir.resolve("none/file"));
        IOException e = assertThrows(IOException.class, () -> FileDevice.open(path, BYTES, LABEL, NativeFile::open));
        assertEquals(
                "the directory of what " + path + " links to does not exist: make it, or give another path",
                e.getMessage());
    }

    /** As the kernel does even for root where fs.protected_regular is on. */
    @Test
    void theFileOfAnotherIsRefusedWithHisNumberAndACure() throws IOException {
        assumeTrue(Self.uid() == 0, "only root can give a file away");
        Files.setAttribute(victim, "unix:uid", 4711);
        IOException e = assertThrows(
                IOException.class,
                () -> FileDevice.open(victim, BYTES, LABEL, (p, flags) -> {
                    throw new ErrnoException("open", p.toString(), Errno.EACCES);
                }));
        assertEquals(
                victim + " belongs to user 4711, and user 0 may not write to it: remove it or chown it to that one, or"
                        + " give another path: open " + victim + ": Permission denied, EACCES (13)",
                e.getMessage());
    }

    private static String modeOf(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
