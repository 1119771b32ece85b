package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BackgroundDaemonTest {
    /** Says by which words it was run, one on a line. */
    public static final class Echo {
        public static void main(String[] args) throws IOException {
            BackgroundDaemon.ownCommand(args.length).forEach(System.out::println);
        }
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
}
