package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ramzswap.config.Host;
import dev.ramzswap.config.RuntimePath;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackgroundDaemonTest {
    /** Says by which words it was run, one on a line. */
    public static final class Echo {
        public static void main(String[] args) throws IOException {
            BackgroundDaemon.ownCommand(args.length).forEach(System.out::println);
        }
    }

    @TempDir
    private Path temp;

    /** As one that is killed for memory, say. */
    @Test
    void aWarningIsNotWhyADaemonEnded() {
        Host host = new Host(16L << 30, 0, Map.of("RAMZSWAP_RUNTIME_DIR", temp.toString()));
        var words = List.of("sh", "-c", "echo 'ramzswap: warning: something'; exit 3");
        var daemon = new BackgroundDaemon(host, words, "swap0", new Launcher.OwnSession());
        String message = assertThrows(IOException.class, daemon::start).getMessage();
        assertEquals("the daemon did not start: exit status 3: see " + temp.resolve("swap0.log"), message);
    }

    @Test
    void knowsTheWordsThatRanIt() throws Exception {
        var own = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx32m",
                "-cp",
                System.getProperty("java.class.path"),
                Echo.class.getName());
        var words = new ArrayList<>(own);
        words.addAll(List.of("swapon", "a b", ""));
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(own, said.lines().toList());
        assertEquals(0, process.waitFor());
    }

    /** Where it logs is in a directory that root does not own. */
    @Test
    void writesNothingThroughALinkOfSomebodyElses(@TempDir Path temp) throws Exception {
        Path run = Files.createDirectory(temp.resolve("run"));
        Path victim = Files.writeString(temp.resolve("victim"), "precious\n");
        Files.createSymbolicLink(run.resolve("swap0.log"), victim);
        Host host = new Host(1L << 30, Host.current().uid() + 1, Map.of(RuntimePath.VARIABLE, run.toString()));
        var daemon =
                new BackgroundDaemon(host, List.of("sh", "-c", "echo written"), "swap0", new Launcher.OwnSession());
        assertThrows(IOException.class, daemon::start);
        assertEquals("precious\n", Files.readString(victim));
    }
}
