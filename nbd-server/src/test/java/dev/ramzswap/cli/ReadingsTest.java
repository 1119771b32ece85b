package dev.ramzswap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.Host;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class ReadingsTest {
    private static final String PAGES = "state-dir=%s/state";

    /** Somebody writes the file, which is read twice, in between. */
    @ParameterizedTest
    @CsvSource({
        "size=16M, size=16M, false",
        PAGES + ", size=16M, true",
        "size=16M, " + PAGES + ", true",
        PAGES + "/none, " + PAGES + "/none, false",
    })
    void eitherMayNameTheDirectoryThatHasPages(
            String first, String second, boolean mayHavePages, @TempDir Path directory) throws Exception {
        Path file = directory.resolve("file");
        Readings readings = readings(directory, file);
        for (String text : new String[] {first, second}) {
            Files.writeString(file, text.formatted(directory));
            readings.read();
        }
        assertEquals(mayHavePages, readings.mayHavePages());
    }

    /** What cannot be understood may name it. */
    @ParameterizedTest
    @CsvSource({"size=16M, what", "what, size=16M"})
    void oneThatIsWrongIsJudgedByItself(String first, String second, @TempDir Path directory) throws Exception {
        Path file = directory.resolve("file");
        Readings readings = readings(directory, file);
        for (String text : new String[] {first, second}) {
            Files.writeString(file, text);
            if (text.equals("what")) {
                assertThrows(ConfigException.class, readings::read);
            } else {
                readings.read();
            }
        }
        assertTrue(readings.mayHavePages());
    }

    private static Readings readings(Path directory, Path file) throws Exception {
        Files.write(Files.createDirectory(directory.resolve("state")).resolve("swap0.map"), new byte[1]);
        CommandLine root = Main.commandLine(new Host(8L << 30, 1000, Map.of()));
        root.parseArgs("serve", "--config", file.toString());
        return new Readings(new ServeOptions(root.getSubcommands().get("serve").getCommandSpec()));
    }
}
