package dev.ramzswap.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ramzswap.linux.Errno;
import dev.ramzswap.linux.ErrnoException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class CauseTest {
    @Test
    void itsCureIsThatOfWhatFailed() {
        assertEquals(
                "open /run/x: No space left on device, ENOSPC (28): make room there",
                Cause.of(new ErrnoException("open", "/run/x", Errno.ENOSPC)));
        assertEquals(
                "/run/x: Read-only file system: make it writable, or use another path",
                Cause.of(new FileSystemException("/run/x", null, "Read-only file system")));
        assertEquals(
                "open /run/x: Input/output error, EIO (5)", Cause.of(new ErrnoException("open", "/run/x", Errno.EIO)));
        assertEquals("/run/x: no such file or directory", Cause.of(new NoSuchFileException("/run/x")));
        assertEquals(
                "/run/x: permission denied: use a path of your own, or sudo",
                Cause.of(new AccessDeniedException("/run/x")));
        assertEquals("/run/x: permission denied", Cause.withoutCure(new AccessDeniedException("/run/x")));
        assertEquals("the name is taken", Cause.of(new IOException("the name is taken")));
    }
}
