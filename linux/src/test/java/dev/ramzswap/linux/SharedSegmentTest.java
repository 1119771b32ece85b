package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Sparse mapped files where no holes can be punched, and the shared memory that is in their place there. */
class SharedSegmentTest {
    private static final long BYTES = 1 << 20;
    private static final Path SEGMENTS = Path.of("/proc/sysvipc/shm");

    // Columns of /proc/sysvipc/shm
    private static final int KEY = 0;
    private static final int PERMISSIONS = 2;
    private static final int RESIDENT = 14;

    @TempDir
    private Path temp;

    @RegisterExtension
    private final Ramfs ramfs = new Ramfs();

    private Path path;

    @BeforeEach
    void mount() throws IOException, InterruptedException {
        path = ramfs.directory().resolve("state");
    }

    @Test
    void isInTheFileItselfWhereThatCanHaveHoles() throws IOException {
        Path file = temp.resolve("state");
        try (MappedFile mapped = MappedFile.sparseAt(file, BYTES)) {
            mapped.memory().set(JAVA_LONG, BYTES - 8, 42);
            mapped.release(0, BYTES / 2);
        }
        assertEquals(BYTES, Files.size(file));
        try (MappedFile mapped = MappedFile.sparseAt(file, BYTES)) {
            assertFalse(mapped.created());
            assertEquals(42, mapped.memory().get(JAVA_LONG, BYTES - 8));
        }
    }

    @Test
    void keepsContentFromOneOpeningToTheNext() throws IOException {
        try (MappedFile file = MappedFile.sparseAt(path, BYTES)) {
            assertTrue(file.created());
            assertEquals(BYTES, file.memory().byteSize());
            assertEquals(path.toRealPath(), file.path());
            file.memory().set(JAVA_LONG, BYTES - 8, 42);
        }
        try (MappedFile file = MappedFile.sparseAt(path, BYTES)) {
            assertFalse(file.created());
            assertEquals(42, file.memory().get(JAVA_LONG, BYTES - 8));
        }
    }

    @Test
    void releaseGivesMemoryBackAndLeavesZeroes() throws IOException {
        try (MappedFile file = MappedFile.sparseAt(path, BYTES)) {
            file.memory().fill((byte) 1);
            assertEquals(BYTES, Long.parseLong(segment()[RESIDENT]));
            file.release(4096, BYTES / 2);
            assertEquals(BYTES / 2, Long.parseLong(segment()[RESIDENT]));
            assertEquals(1, file.memory().get(JAVA_BYTE, 4095));
            assertEquals(0, file.memory().get(JAVA_BYTE, 4096));
            assertEquals(0, file.memory().get(JAVA_BYTE, 4095 + BYTES / 2));
            assertEquals(1, file.memory().get(JAVA_BYTE, 4096 + BYTES / 2));
        }
    }

    @Test
    void populatesAndKnowsWhatIsInMemory() throws IOException {
        try (MappedFile file = MappedFile.sparseAt(path, BYTES)) {
            assertEquals(BYTES, file.nextData(0));
            file.populate(0, BYTES / 4);
            assertEquals(BYTES / 4, Long.parseLong(segment()[RESIDENT]));
            assertEquals(0, file.nextData(0));
            assertEquals(BYTES / 4, file.nextHole(0));
            assertEquals(BYTES, file.nextData(BYTES / 4));
        }
    }

    @Test
    void isItsOwnersOnlyAndLocked() throws IOException {
        try (MappedFile file = MappedFile.sparseAt(path, BYTES)) {
            assertTrue(file.created());
            assertEquals("2600", segment()[PERMISSIONS], "SHM_LOCKED is 02000");
        }
    }

    @Test
    void isLockedAlsoIfItsMakerWasKilledBefore() throws IOException {
        Files.writeString(path, SharedSegment.create(BYTES).line());
        assertEquals("600", segment()[PERMISSIONS]);
        try (MappedFile file = MappedFile.sparseAt(path, BYTES)) {
            assertFalse(file.created());
            assertEquals("2600", segment()[PERMISSIONS]);
        }
    }

    @Test
    void beginsAnewIfTheSegmentIsGone() throws IOException {
        MappedFile.sparseAt(path, BYTES).close();
        SharedSegment.removeOf(path);
        try (MappedFile file = MappedFile.sparseAt(path, BYTES)) {
            assertTrue(file.created());
        }
        try (MappedFile file = MappedFile.sparseAt(path, BYTES)) {
            assertFalse(file.created());
        }
    }

    @Test
    void refusesAnotherSize() throws IOException {
        MappedFile.sparseAt(path, BYTES).close();
        IOException e = assertThrows(IOException.class, () -> MappedFile.sparseAt(path, 2 * BYTES));
        assertEquals(path + " has 1048576 bytes, not 2097152: it was made for another size; remove it", e.getMessage());
    }

    @Test
    void refusesAFileThatIsMappedAlready() throws IOException {
        MappedFile first = MappedFile.sparseAt(path, BYTES);
        IOException e = assertThrows(IOException.class, () -> MappedFile.sparseAt(path, BYTES));
        assertTrue(e.getMessage().contains("in use by another process"), e.getMessage());
        first.close();
        MappedFile.sparseAt(path, BYTES).close();
    }

    @Test
    void refusesWhatIsInAnotherNamespaceAndLeavesItAlone() throws IOException {
        String line = new SharedSegment(1, BYTES, "ipc:[1]").line();
        Files.writeString(path, line);
        IOException e = assertThrows(IOException.class, () -> MappedFile.sparseAt(path, BYTES));
        assertTrue(e.getMessage().contains("namespace ipc:[1]"), e.getMessage());
        IOException before = assertThrows(IOException.class, () -> MappedFile.requireReachable(path));
        assertEquals(e.getMessage(), before.getMessage());
        assertEquals(line, Files.readString(path));
    }

    @Test
    void refusesWhatIsSomethingElseAndLeavesItAlone() throws IOException {
        for (byte[] content : new byte[][] {new byte[10], {-1, -2, -3}, new byte[(int) BYTES]}) {
            Files.write(path, content);
            IOException e = assertThrows(IOException.class, () -> MappedFile.sparseAt(path, BYTES));
            assertTrue(e.getMessage().endsWith("another version made it: remove it"), e.getMessage());
            assertEquals(content.length, Files.size(path));
        }
    }

    @Test
    void saysWhatIsRefusedAndLeavesNothing() throws IOException {
        IOException e = assertThrows(IOException.class, () -> MappedFile.sparseAt(path, 1L << 59));
        Matcher key = Pattern.compile("shmat shared memory 0x([0-9a-f]{8})").matcher(e.getMessage());
        assertTrue(key.find(), e.getMessage());
        assertTrue(find(Integer.toString(Integer.parseInt(key.group(1), 16))).isEmpty());
        assertFalse(Files.exists(path));
    }

    @Test
    void isRemovedWithItsFile() throws IOException {
        try (MappedFile file = MappedFile.sparseAt(path, BYTES)) {
            file.memory().set(JAVA_LONG, 0, 42);
            String key = segment()[KEY];
            MappedFile.remove(path);
            assertFalse(Files.exists(path));
            assertTrue(find(key).isEmpty());
            assertEquals(42, file.memory().get(JAVA_LONG, 0));
            MappedFile.remove(path);
        }
    }

    /** The columns of the segment that the file stands for. */
    private String[] segment() throws IOException {
        String key = Files.readString(path).substring(2, 10);
        return find(Integer.toString(Integer.parseInt(key, 16))).orElseThrow();
    }

    private static Optional<String[]> find(String key) throws IOException {
        return Files.readAllLines(SEGMENTS).stream()
                .map(line -> line.trim().split("\\s+"))
                .filter(columns -> columns[KEY].equals(key))
                .findFirst();
    }
}
