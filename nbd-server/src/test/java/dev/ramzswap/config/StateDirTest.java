package dev.ramzswap.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StateDirTest {
    /** Around the one that is there, in whatever order a directory is listed. */
    private static final String LINKS = "abcdijkl";

    @TempDir
    private Path directory;

    private static boolean mayHavePages(Path directory) throws ConfigException {
        var settings = new Settings();
        settings.flag("state-dir", directory.toString());
        for (String name : (LINKS + "f").split("")) {
            settings.export("name=" + name + ",size=16M");
        }
        return StateDir.mayHavePages(settings, true);
    }

    /** As a link to nowhere, or a map that another daemon removes between the listing and the look at it. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void oneThatIsGoneHidesNoOther(int bytes) throws Exception {
        for (String name : LINKS.split("")) {
            if (name.equals("i")) {
                Files.write(directory.resolve("f.map"), new byte[bytes]);
            }
            Files.createSymbolicLink(directory.resolve(name + ".map"), directory.resolve("nowhere"));
        }
        assertEquals(bytes > 0, mayHavePages(directory));
    }

    @Test
    void whereThereIsNoDirectoryThereAreNone() throws Exception {
        assertEquals(false, mayHavePages(directory.resolve("none")));
        assertEquals(false, mayHavePages(Files.createFile(directory.resolve("file"))));
    }
}
