package dev.ramzswap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class InterruptibleTest {
    private static final int SIGTERM = 15;

    /** Waits for a signal. */
    static final class Waiting {
        public static void main(String[] args) throws IOException, InterruptedException {
            Interruptible.run(() -> {
                System.out.println("begun");
                try {
                    Thread.sleep(60_000);
                } finally {
                    Thread.sleep(100);
                    System.out.println("cleaned up");
                }
            });
            System.out.println("not interrupted");
        }
    }

    @Test
    void aSignalInterruptsItAndWaitsUntilItHasCleanedUp() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Waiting.class.getName())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (var out = process.inputReader()) {
            assertEquals("begun", out.readLine());
            process.toHandle().destroy(); // which leaves its output open
            assertEquals("cleaned up", out.readLine());
            assertEquals(128 + SIGTERM, process.waitFor());
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void passesOnWhatIsThrown() {
        assertThrows(
                IOException.class,
                () -> Interruptible.run(() -> {
                    throw new IOException();
                }));
    }
}
