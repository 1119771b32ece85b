package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Contract 8: a process that is killed between any two instructions leaves each slot with its old or its new page. It
 * is killed again and again, with stores, invalidations, spills, compaction and limit changes under way; each successor
 * checks every slot. The long run: {@code -Dramzswap.kills=2000}.
 */
class StoreKillTest {
    private static final int KILLS = Integer.getInteger("ramzswap.kills", 8);
    private static final long SEED = Long.getLong("ramzswap.seed", System.nanoTime());
    private static final int SIGKILL_STATUS = 128 + 9;

    @TempDir
    Path temp;

    @RegisterExtension
    private final Ramfs ramfs = new Ramfs();

    @Test
    void noPageIsLostByAKill() throws IOException, InterruptedException {
        runAndKill(temp, KILLS);
    }

    @Test
    void norWithTheStateOnRamfs() throws IOException, InterruptedException {
        runAndKill(ramfs.directory(), KILLS / 2);
    }

    private static void runAndKill(Path directory, int kills) throws IOException, InterruptedException {
        SplittableRandom random = new SplittableRandom(SEED);
        for (int kill = 0; kill < kills; kill++) {
            runAndKill(directory, random.nextInt(1 << 20), 5 + random.nextInt(random.nextInt(10) == 0 ? 1000 : 100));
        }
        System.out.println("StoreKillTest: seed " + SEED + ", killed " + kills + " times, no page lost");
    }

    private static void runAndKill(Path directory, int seed, int milliseconds)
            throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledStore.class.getName(),
                        directory.toString(),
                        Integer.toString(seed))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader output = process.inputReader()) {
            assertEquals("serving", output.readLine(), "seed " + SEED);
            Thread.sleep(milliseconds);
            process.destroyForcibly();
            assertEquals(
                    SIGKILL_STATUS,
                    process.waitFor(),
                    () -> "seed " + SEED + ": " + output.lines().toList());
        } finally {
            process.destroyForcibly();
        }
    }
}
