package dev.ramzswap.backing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A small file system of a disk for one test: one that keeps what it has allocated when the rest finds no room. Only
 * root can mount one; for others the test is skipped.
 */
final class Ext4Image implements AfterEachCallback {
    private Path image;
    private Path mounted;

    Path mount(long bytes) throws IOException, InterruptedException {
        boolean isPossible =
                System.getProperty("user.name").equals("root") && Files.exists(Path.of("/dev/loop-control"));
        assumeTrue(isPossible, "only root can mount an image, where there are loop devices");
        image = Files.createTempFile("ext4", ".img");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(bytes);
        }
        run("mkfs.ext4", "-q", "-b", "4096", "-m", "0", "-O", "^has_journal", image.toString());
        Path directory = Files.createTempDirectory("ext4");
        run("mount", "-o", "loop", image.toString(), directory.toString());
        mounted = directory;
        return mounted;
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException, InterruptedException {
        if (mounted != null) {
            run("umount", mounted.toString());
            Files.delete(mounted);
        }
        if (image != null) {
            Files.delete(image);
        }
    }

    private static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
    }
}
