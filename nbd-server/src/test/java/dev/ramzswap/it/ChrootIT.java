package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The mount table has no line for what lies in a chroot that is no mount point: Java does not look at it. */
@Timeout(60)
class ChrootIT {
    /** The second by a bind mount of a directory there. */
    @ParameterizedTest
    @CsvSource({"/file, file", "/mounted/file, disk/file"})
    void aBackingFileMayLieThere(String file, Path written, @TempDir Path root) throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "only root can enter a chroot");
        try (Tool daemon = Tool.start(
                Map.of(),
                Launcher.suite("run-in-chroot"),
                root,
                Launcher.RUNTIME,
                "serve",
                "--size",
                "8M",
                "--limit",
                "2M",
                "--backing-file",
                file,
                "--socket",
                "/s")) {
            DaemonProcess.awaitReady(daemon);
            String uri = "nbd+unix:///?socket=" + root.resolve("s");
            Tool.run("qemu-io", "-f", "raw", "-c", "write -P 1 0 8M", "-c", "read -P 1 0 8M", uri);
            assertTrue(Files.size(root.resolve(written)) >= 8 << 20);
            Tool.run("kill", daemon.pid());
            daemon.await().expect(0);
        }
    }
}
