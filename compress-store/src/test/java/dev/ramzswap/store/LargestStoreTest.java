package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a store takes depends on what is in it, and not on how much could be: the heap of the daemon's launcher suffices
 * for the largest one, and a takeover of a few pages makes neither the map nor the region table resident.
 */
class LargestStoreTest {
    /** The pages' regions, and what of the tables tells of them. */
    private static final long MOST_USED = 4 << 20;

    /** Most of it is the JVM's own; the map alone would be 14 GiB, and the region table half of one. */
    private static final long MOST_RESIDENT_KIB = 200 << 10;

    @TempDir
    Path directory;

    @Timeout(60)
    @Test
    void takesNoMoreThanItsFewPages() throws IOException, InterruptedException {
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
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(0, process.waitFor(), said);
            String[] memory = said.strip().split(" ");
            assertTrue(Long.parseLong(memory[0]) <= MOST_USED, said);
            assertTrue(Long.parseLong(memory[1]) <= MOST_RESIDENT_KIB, said);
        } finally {
            process.destroyForcibly();
        }
    }
}
