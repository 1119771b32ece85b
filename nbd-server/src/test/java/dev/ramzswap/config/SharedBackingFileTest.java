package dev.ramzswap.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One file for two exports, by two names. */
class SharedBackingFileTest {
    @TempDir
    Path dir;

    @Test
    void isRefusedWithBothExportsByWhateverNames() throws IOException {
        Path file = dir.resolve("file");
        Path link = Files.createSymbolicLink(dir.resolve("link"), file);
        Path directory = Files.createSymbolicLink(dir.resolve("directory"), dir);
        assertRefused(file, link);
        assertRefused(file, directory.resolve("file"));
        Files.createFile(file);
        assertRefused(file, link);
        assertRefused(file, Files.createLink(dir.resolve("hard"), file));
    }

    @Test
    void twoFilesAreTwo() throws ConfigException, IOException {
        Path link = Files.createSymbolicLink(dir.resolve("link"), dir.resolve("b"));
        assertEquals(2, config(dir.resolve("a"), link).exports().size());
        Files.createFile(dir.resolve("a"));
        Files.createFile(dir.resolve("b"));
        assertEquals(2, config(dir.resolve("a"), link).exports().size());
    }

    private static void assertRefused(Path first, Path second) {
        ConfigException e = assertThrows(ConfigException.class, () -> config(first, second));
        assertEquals(
                "--backing-file: exports a and b both have " + second + ", which is " + first + ": give each its own",
                e.getMessage());
    }

    private static Config config(Path first, Path second) throws ConfigException, IOException {
        var settings = new Settings();
        settings.export("name=a,size=1G,backing-file=" + first);
        settings.export("name=b,size=1G,backing-file=" + second);
        return Config.of(settings, new Host(8L << 30, 0, Map.of()));
    }
}
