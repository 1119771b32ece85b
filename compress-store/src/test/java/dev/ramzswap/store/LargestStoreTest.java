package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a store takes depends on what is in it, and not on how much could be: the heap of the daemon's launcher suffices
 * for the largest one, and a takeover of a few pages makes neither the map nor the region table resident.
 */
class LargestStoreTest {
    /**
     * The pages' regions, and what of the tables tells of them: on a tmpfs with huge pages, 2 MiB of each for a page.
     */
    private static final long MOST_USED = 16 << 20;

    /** Most of it is the JVM's own; the map alone would be 14 GiB, and the region table half of one. */
    private static final long MOST_RESIDENT_KIB = 200 << 10;

    private static final long PATIENCE_SECONDS = 60;

    @TempDir
    Path directory;

    @Test
    void takesNoMoreThanItsFewPages() throws IOException, InterruptedException {
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx32m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        LargestStore.class.getName(),
                        directory.toString())
                .redirectOutput(output.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "it hangs");
            assertEquals(0, process.exitValue());
            String said = Files.readString(output);
            String[] memory = said.strip().split(" ");
            assertTrue(Long.parseLong(memory[0]) <= MOST_USED, said);
            assertTrue(Long.parseLong(memory[1]) <= MOST_RESIDENT_KIB, said);
        } finally {
            process.destroyForcibly();
        }
    }
}
