package dev.ramzswap.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LockedFilesTest {
    @Test
    void aLinkIsNeitherFollowedNorTakenForALoop(@TempDir Path directory) throws IOException {
        Path target = directory.resolve("target");
        Path link = Files.createSymbolicLink(directory.resolve("link"), target);
        assertEquals(
                link + " is a symbolic link: remove it, or use another directory",
                assertThrows(IOException.class, () -> LockedFiles.open(link)).getMessage());
        assertFalse(Files.exists(target));
    }
}
