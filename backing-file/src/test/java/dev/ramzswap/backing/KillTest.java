package dev.ramzswap.backing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.linux.MappedFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Contract 8: what a killed process had stored is there, and the next one goes on. */
@Timeout(60)
class KillTest {
    private static final int KILLS = 3;
    private static final int SIGKILL_STATUS = 128 + 9;

    @TempDir
    Path dir;

    @Test
    void noRecordIsLostByAKill() throws IOException, InterruptedException {
        long before = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            runAndKill();
            try (MappedFile state = KilledDaemon.state(dir)) {
                KilledDaemon daemon = KilledDaemon.start(state, dir);
                try (BackingFile backing = daemon.backing;
                        Owner.Scratch scratch = new Owner.Scratch(backing)) {
                    assertTrue(daemon.stores() > before + KilledDaemon.KEYS, "it stored something");
                    before = daemon.stores();
                    for (int key = 0; key < KilledDaemon.KEYS; key++) {
                        daemon.check(key, scratch);
                        daemon.store(key, scratch);
                        daemon.check(key, scratch);
                    }
                }
            }
        }
    }

    private void runAndKill() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledDaemon.class.getName(),
                        dir.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader output = process.inputReader()) {
            assertEquals("serving", output.readLine());
            Thread.sleep(300 + new Random().nextInt(300));
        } finally {
            process.destroyForcibly();
        }
        assertEquals(SIGKILL_STATUS, process.waitFor());
    }
}
