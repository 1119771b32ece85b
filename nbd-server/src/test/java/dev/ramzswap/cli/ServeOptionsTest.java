package dev.ramzswap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.config.Host;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

class ServeOptionsTest {
    private static ServeOptions parsed(String command, String... words) {
        CommandLine root = Main.commandLine(new Host(8L << 30, 0, Map.of()));
        root.parseArgs(Stream.concat(Stream.of(command), Stream.of(words)).toArray(String[]::new));
        return new ServeOptions(root.getSubcommands().get(command).getCommandSpec());
    }

    @Test
    void swaponHandsOnWhatItWasGivenForTheDaemon() {
        ServeOptions several =
                parsed("swapon", "a", "--export", "name=a,size=1G", "--tune", "--export=name=b,size=1G", "--reserve");
        assertEquals(
                List.of("--export=name=a,size=1G", "--export=name=b,size=1G", "--reserve"),
                SwaponCommand.words(several).stream().sorted().toList());
        ServeOptions one = parsed("swapon", "a", "--size", "ram/2", "--no-encrypt", "--backing-file", "/var/größe");
        assertEquals(
                List.of("--backing-file=/var/größe", "--no-encrypt", "--size=ram/2"),
                SwaponCommand.words(one).stream().sorted().toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--insecure", "--no-encrypt"})
    void aFlagThatIsGivenAsFalseIsRefusedAndNotTakenForGiven(String flag) {
        assertTrue(assertThrows(ParameterException.class, () -> parsed("serve", flag + "=false"))
                .getMessage()
                .startsWith(flag + "=false: leave it away"));
        assertEquals(1, parsed("serve", flag).given().size());
        assertEquals(1, parsed("serve", flag + "=true").given().size());
    }

    @Test
    void anArgumentThatNamesAFileIsNotReplacedByWhatIsInIt(@TempDir Path temp) throws IOException {
        Path file = Files.writeString(temp.resolve("words"), "other");
        assertEquals(List.of("--name=@" + file), SwaponCommand.words(parsed("serve", "--name", "@" + file)));
    }
}
