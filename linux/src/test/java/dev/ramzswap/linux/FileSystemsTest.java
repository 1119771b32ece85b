package dev.ramzswap.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileSystemsTest {
    @TempDir
    private Path temp;

    private static void run(String... command) throws Exception {
        assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor(), () -> String.join(" ", command));
    }

    /** Mounted over each other, below a name with a space. */
    @ParameterizedTest
    @CsvSource({"ramfs, rw, true", "tmpfs, noswap, true", "tmpfs, rw, false"})
    void tellsWhatMayBeSwappedOut(String type, String option, boolean isNeverSwappedOut) throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "only root can mount");
        String point = Files.createDirectory(temp.resolve("a b")).toString();
        run("mount", "-t", "tmpfs", "-o", isNeverSwappedOut ? "rw" : "noswap", "below", point);
        try {
            run("mount", "-t", type, "-o", option, "above", point);
            Path inside = Files.createDirectory(Path.of(point, "c"));
            assertTrue(FileSystems.isInMemory(inside));
            assertEquals(isNeverSwappedOut, FileSystems.isNeverSwappedOut(inside));
            run("umount", point);
        } finally {
            run("umount", point);
        }
    }

    /** NFS, CIFS, SMB 2 and later; not ext4, nor tmpfs. */
    @ParameterizedTest
    @CsvSource({"26985, true", "4283649346, true", "4266872130, true", "61267, false", "16914836, false"})
    void tellsWhereALockMayHinderOthers(long type, boolean mayHinder) {
        assertEquals(mayHinder, new FileSystem(type, 0, 0).mayLockMandatorily());
    }

    @Test
    void otherFileSystemsAreNotMemory() throws Exception {
        assertFalse(FileSystems.isInMemory(Path.of("/proc")));
        assertFalse(FileSystems.isNeverSwappedOut(Path.of("/proc")));
        assertThrows(ErrnoException.class, () -> FileSystems.isInMemory(temp.resolve("none")));
    }
}
