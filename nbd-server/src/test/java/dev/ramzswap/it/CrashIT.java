package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The JVM itself fails. */
@Timeout(60)
class CrashIT {
    /**
     * Nor a core dump (SIGABRT). Both would take time that the next daemon does not have, and a report would hold what
     * was in the JVM's hands: pages.
     */
    @Test
    void aCrashLeavesNoReport(@TempDir Path directory, @TempDir Path where) throws Exception {
        Process daemon = new Launcher(directory)
                .process("serve", "--size", "8M")
                .directory(where.toFile())
                .redirectErrorStream(true)
                .start();
        String said;
        try (var out = daemon.inputReader()) {
            while (!"ready".equals(out.readLine())) {}
            Tool.run("kill", "-SEGV", daemon.pid());
            said = String.join("\n", out.lines().toList());
        }
        assertEquals(1, daemon.waitFor());
        assertEquals("", said);
        try (Stream<Path> files = Files.list(where)) {
            assertEquals(List.of(), files.toList());
        }
    }
}
