package dev.ramzswap.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What it sends is received by the daemon's tests, with a real receiver; here is what goes wrong. */
class DatagramSenderTest {
    @TempDir
    private Path dir;

    @Test
    void refusesNamesThatTheKernelCannotTake() {
        assertThrows(IllegalArgumentException.class, () -> new DatagramSender(""));
        assertThrows(IllegalArgumentException.class, () -> new DatagramSender("/" + "x".repeat(108)));
    }

    @Test
    void saysThatNobodyListens() throws IOException {
        try (Arena arena = Arena.ofConfined();
                DatagramSender abroad = new DatagramSender("@" + dir);
                DatagramSender missing = new DatagramSender(dir.resolve("none").toString())) {
            MemorySegment message = arena.allocateFrom("READY=1");
            ErrnoException refused = assertThrows(ErrnoException.class, () -> abroad.send(message));
            assertEquals(Errno.ECONNREFUSED, refused.errno());
            assertEquals(
                    Errno.ENOENT,
                    assertThrows(ErrnoException.class, () -> missing.send(message))
                            .errno());
        }
    }
}
