package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ramzswap.linux.Self;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateDirTest {
    @TempDir
    private Path temp;

    private Path directory;

    @BeforeEach
    void makeIt() throws IOException {
        directory = StateDir.make(temp.resolve("a/state"));
        assertEquals(040700, mode());
    }

    private int mode() throws IOException {
        return (Integer) Files.getAttribute(directory, "unix:mode");
    }

    private void refuses() {
        var e = assertThrows(IOException.class, () -> StateDir.make(directory));
        assertEquals(
                directory + " belongs to somebody else or others may write to it:"
                        + " give a directory of your own, of mode 0700",
                e.getMessage());
    }

    @Test
    void othersMayNotWriteToItUnlessItIsSticky() throws IOException {
        Files.setAttribute(directory, "unix:mode", 0777);
        refuses();
        Files.setAttribute(directory, "unix:mode", 0770);
        refuses();
        Files.setAttribute(directory, "unix:mode", 01777);
        assertEquals(directory, StateDir.make(directory));
    }

    @Test
    void itIsNotSomebodyElses() throws IOException {
        assumeTrue(Self.uid() == 0, "only root can give a directory away");
        Files.setAttribute(directory, "unix:uid", 4711);
        refuses();
        Files.setAttribute(directory, "unix:mode", 01777);
        refuses();
    }
}
