package dev.ramzswap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class UmaskTest {
    @TempDir
    private Path temp;

    @Test
    @Timeout(60)
    void itLocksNobodyOutOfHisOwnFiles() throws Exception {
        var serve = ChildJvm.of(Main.class, "serve", "--size=1M", "--socket=" + temp.resolve("new/parent/s"));
        serve.command().addAll(0, List.of("sh", "-c", "umask 0777; exec \"$@\"", "sh"));
        serve.environment().put("RAMZSWAP_RUNTIME_DIR", temp.resolve("new/run").toString());
        Process daemon = serve.start();
        try (var said = daemon.inputReader()) {
            assertTrue(said.lines().anyMatch("ready"::equals));
            for (String directory : List.of("new", "new/parent")) {
                assertEquals("rwx------", mode(directory));
            }
            assertEquals("rw-------", mode("new/run/names.lock"));
        } finally {
            daemon.destroyForcibly().waitFor();
        }
    }

    private String mode(String file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(temp.resolve(file)));
    }
}
