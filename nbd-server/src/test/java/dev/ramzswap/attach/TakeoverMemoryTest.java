package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** See {@link TakingOverDaemon}. */
@Timeout(60)
class TakeoverMemoryTest {
    @TempDir
    private Path directory;

    @Test
    void aTakeoverHasTheMemoryOfItsConnectionsBeforeItsTurn() throws Exception {
        Path log = directory.resolve("log");
        Process daemon = ChildJvm.of(TakingOverDaemon.class, directory.toString(), "5")
                .redirectOutput(log.toFile())
                .start();
        try {
            boolean hasEnded = daemon.waitFor(45, TimeUnit.SECONDS);
            String output = Files.readString(log);
            assertTrue(hasEnded, output);
            String bytes = output.replaceFirst("(?s).*asked for (-?\\d+) bytes.*", "$1");
            assertTrue(bytes.matches("-?\\d+"), output);
            // Each session has a page.
            assertTrue(Long.parseLong(bytes) < 1 << 20, output);
        } finally {
            daemon.destroyForcibly().onExit().join();
        }
    }
}
