package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.Allocation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeFileTest {
    private static final Progress QUICK = new Progress("reserving", 1 << 20);

    @TempDir
    Path dir;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment memory = arena.allocate(8192, 4096);
    private Path path;
    private NativeFile file;

    @BeforeEach
    void open() throws IOException {
        path = dir.resolve("file");
        file = NativeFile.open(path, NativeFile.O_RDWR | NativeFile.O_CREAT);
    }

    @AfterEach
    void close() throws IOException {
        file.close();
        arena.close();
    }

    @Test
    void readsWhatWasWritten() throws IOException {
        memory.fill((byte) 3);
        assertEquals(4096, file.write(memory, 4096, 4096));
        assertEquals(8192, file.size());
        assertEquals(8192, file.read(memory, 8192, 0));
        assertEquals(0, memory.get(JAVA_BYTE, 4095));
        assertEquals(3, memory.get(JAVA_BYTE, 4096));
    }

    @Test
    void readsLessAtTheEnd() throws IOException {
        file.truncate(100);
        assertEquals(100, file.read(memory, 4096, 0));
        assertEquals(0, file.read(memory, 4096, 100));
    }

    @Test
    void survivesAnInterruptOfItsThread() throws IOException {
        Thread.currentThread().interrupt();
        assertEquals(4096, file.write(memory, 4096, 0));
        assertTrue(Thread.interrupted());
        assertEquals(4096, file.read(memory, 4096, 0));
    }

    @Test
    void neverTouchesMemoryBeyondTheSegment() throws IOException {
        file.truncate(1 << 20);
        assertEquals(8192, file.read(memory, 1 << 20, 0));
        assertEquals(8192, file.write(memory, 1 << 20, 0));
    }

    @Test
    void reservesWithoutWriting() throws IOException {
        Preallocation.of(file, 1 << 20, QUICK);
        assertEquals(1 << 20, Files.size(path));
        ErrnoException e = assertThrows(ErrnoException.class, () -> Preallocation.of(file, -1, QUICK));
        assertEquals(Errno.EINVAL, e.errno());
    }

    @Test
    void reservesByWritingWhereTheFileSystemCannotAllocateAhead() throws IOException, InterruptedException {
        byte[] content = new byte[500_000];
        new Random(1).nextBytes(content);
        Files.write(path, content);
        file.truncate(600_001);
        Preallocation.byWriting(file, 1 << 20, QUICK);
        assertEquals(1 << 20, Files.size(path));
        assertArrayEquals(Arrays.copyOf(content, 1 << 20), Files.readAllBytes(path));
        Process stat = new ProcessBuilder("stat", "-c", "%b", path.toString()).start();
        long blocks = Long.parseLong(new String(stat.getInputStream().readAllBytes()).trim());
        assertEquals(0, stat.waitFor());
        assertTrue(blocks * 512 >= 1 << 20, blocks + " blocks");
    }

    @Test
    void aReservationByWritingKeepsALongerFile() throws IOException {
        Files.write(path, new byte[] {1, 2, 3, 4, 5});
        Preallocation.byWriting(file, 3, QUICK);
        assertArrayEquals(new byte[] {1, 2, 3, 4, 5}, Files.readAllBytes(path));
    }

    @Test
    void locksAgainstOtherOpenFiles() throws IOException {
        assertTrue(file.tryLock());
        try (NativeFile other = NativeFile.open(path, NativeFile.O_RDWR)) {
            assertFalse(other.tryLock());
            file.unlock();
            assertTrue(other.tryLock());
            assertFalse(file.tryLock());
            other.unlock();
            assertTrue(file.tryLock());
            file.close();
            assertTrue(other.tryLock());
        }
        file = NativeFile.open(path, NativeFile.O_RDWR);
    }

    @Test
    void saysWhatFailed() {
        ErrnoException e = assertThrows(ErrnoException.class, () -> NativeFile.open(dir, NativeFile.O_RDWR));
        assertEquals("open " + dir + ": Is a directory, EISDIR (21)", e.getMessage());
        assertEquals(
                "pread x: Numerical result out of range, errno (34)",
                new ErrnoException("pread", "x", 34).getMessage());
    }

    @Test
    void allocatesNothingOnceWarm() {
        Allocation.assertNoneOnceWarm(2000, () -> {
            for (int i = 0; i < 1000; i++) {
                writeAndRead();
            }
        });
    }

    private void writeAndRead() {
        try {
            file.write(memory, 4096, 0);
            file.read(memory, 4096, 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
