package dev.ramzswap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ramzswap.ChildJvm;
import dev.ramzswap.config.Host;
import dev.ramzswap.linux.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A daemon that gets a SIGTERM while it reserves its backing file. */
class ToldToEndTest {
    private static final int MIB = 1 << 20;

    /**
     * The command line in a JVM that sends itself the signal when its first piece is done, and goes on when it came.
     */
    public static final class Serving {
        public static void main(String[] args) throws Exception {
            int[] asked = {0};
            int status = ScopedValue.where(Progress.CLOCK, () -> asked[0]++ == 1 ? terminate() : 0)
                    .call(() -> Main.commandLine(Host.current()).execute(args));
            System.exit(status);
        }

        private static long terminate() {
            try {
                long pid = ProcessHandle.current().pid();
                new ProcessBuilder("sh", "-c", "kill -TERM " + pid).start().waitFor();
                while (Progress.STOPPED.get().get().isEmpty()) {
                    Thread.sleep(10);
                }
                return 0;
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    @TempDir
    private Path temp;

    @Test
    @Timeout(60)
    void itEndsInOrderAndLeavesTheFileAsItWas() throws Exception {
        Path file = Files.write(temp.resolve("file"), new byte[3 * MIB]);
        var serve = ChildJvm.of(Serving.class, "serve", "--size=256M", "--limit=4M", "--backing-file=" + file);
        serve.environment().put("RAMZSWAP_RUNTIME_DIR", temp.resolve("run").toString());
        Process daemon = serve.start();
        try (var said = daemon.inputReader()) {
            String line = "ramzswap: told to end while reading " + file + ", to see whether it is blank";
            assertEquals(List.of(line), said.lines().toList());
            assertEquals(0, daemon.waitFor());
            assertEquals(3 * MIB, Files.size(file));
        } finally {
            daemon.destroyForcibly();
        }
    }
}
