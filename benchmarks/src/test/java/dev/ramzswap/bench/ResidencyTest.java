package dev.ramzswap.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;

class ResidencyTest {
    /** So much that what the JVM takes for itself meanwhile, 1 to 13 MiB as measured, is within the tolerance. */
    private static final int GROWTH = 192 << 20;

    private static final double TOLERANCE = GROWTH / 8.0;

    private static long own() throws IOException {
        return Residency.bytes(ProcessHandle.current());
    }

    @Test
    void countsAnonymousMemoryThatWasTouched() throws IOException {
        long before = own();
        try (Arena arena = Arena.ofConfined()) {
            arena.allocate(GROWTH).fill((byte) 1);
            assertEquals(GROWTH, own() - before, TOLERANCE);
        }
    }

    @Test
    void countsAMemoryFileOnceMappedOrNot() throws IOException {
        Path file = Files.createTempFile(Path.of("/dev/shm"), "residency", "");
        try (FileChannel one = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
                FileChannel two = FileChannel.open(file);
                Arena arena = Arena.ofConfined()) {
            long before = own();
            ByteBuffer block = ByteBuffer.allocateDirect(1 << 20);
            for (int i = 0; i < GROWTH; i += block.capacity()) {
                one.write(block.clear());
            }
            assertEquals(GROWTH, own() - before, TOLERANCE);
            one.map(FileChannel.MapMode.READ_WRITE, 0, GROWTH, arena).fill((byte) 1);
            assertEquals(GROWTH, own() - before, TOLERANCE);
            assertEquals(GROWTH, two.size());
        } finally {
            Files.delete(file);
        }
    }
}
