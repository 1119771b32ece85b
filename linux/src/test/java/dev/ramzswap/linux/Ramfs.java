package dev.ramzswap.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A ramfs for one test: a file system without holes. Only root can mount it; for others the test is skipped. */
final class Ramfs implements AfterEachCallback {
    private Path mounted;

    /** Where it is mounted, from the first call on. */
    Path directory() throws IOException, InterruptedException {
        assumeTrue(System.getProperty("user.name").equals("root"), "only root can mount a ramfs");
        if (mounted == null) {
            Path directory = Files.createTempDirectory("ramfs");
            run("mount", "-t", "ramfs", "ramfs", directory.toString());
            mounted = directory;
        }
        return mounted;
    }

    /** Takes away what mapped files have left. */
    @Override
    public void afterEach(ExtensionContext context) throws IOException, InterruptedException {
        if (mounted != null) {
            for (Path file : files()) {
                MappedFile.remove(file);
            }
            run("umount", mounted.toString());
            Files.delete(mounted);
            mounted = null;
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(mounted)) {
            return files.toList();
        }
    }

    private static void run(String... command) throws IOException, InterruptedException {
        assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor(), () -> String.join(" ", command));
    }
}
