package dev.ramzswap.store;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A tmpfs for one test, as large as it says: memory that ends. Only root can mount it; for others it is skipped. */
final class Tmpfs implements AfterEachCallback {
    private static final long PATIENCE_NANOS = 20_000_000_000L;

    private Path mounted;

    /** Mounts it, anew if there is one. */
    Path mount(long bytes) throws IOException, InterruptedException {
        assumeTrue(System.getProperty("user.name").equals("root"), "only root can mount a tmpfs");
        unmount();
        Path directory = Files.createTempDirectory("tmpfs");
        run("mount", "-t", "tmpfs", "-o", "size=" + bytes, "tmpfs", directory.toString());
        mounted = directory;
        return mounted;
    }

    /** Bytes that files take now. */
    long used() throws IOException {
        File root = mounted.toFile();
        return root.getTotalSpace() - root.getUsableSpace();
    }

    /** Takes all that is left, and what a store gives back meanwhile. */
    void fill() throws IOException {
        long end = System.nanoTime() + PATIENCE_NANOS;
        try (OutputStream ballast = Files.newOutputStream(mounted.resolve("ballast"), CREATE, APPEND)) {
            do {
                writeUntilRefused(ballast);
                assertTrue(System.nanoTime() - end < 0, "it does not get full");
            } while (mounted.toFile().getUsableSpace() > 0);
        }
    }

    private static void writeUntilRefused(OutputStream ballast) {
        try {
            while (true) {
                ballast.write(new byte[4096]);
            }
        } catch (IOException _) {
            return;
        }
    }

    void resize(long bytes) throws IOException, InterruptedException {
        run("mount", "-o", "remount,size=" + bytes, mounted.toString());
    }

    private void unmount() throws IOException, InterruptedException {
        if (mounted != null) {
            run("umount", mounted.toString());
            Files.delete(mounted);
            mounted = null;
        }
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException, InterruptedException {
        unmount();
    }

    private static void run(String... command) throws IOException, InterruptedException {
        assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor(), () -> String.join(" ", command));
    }
}
