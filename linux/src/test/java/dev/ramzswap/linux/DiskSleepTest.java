package dev.ramzswap.linux;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DiskSleepTest {
    private static final Duration MOMENT = Duration.ofMillis(50);
    private static final Duration LONG = Duration.ofMinutes(1);

    @TempDir
    private Path directory;

    /** A look while this changes may find neither the one nor the other. */
    private void thread(int number, String state, int switches) throws IOException {
        Path thread = Files.createDirectories(directory.resolve("" + number));
        Path status = Files.writeString(
                directory.resolve(".new"),
                "Name:\tflusher\nState:\t" + state + "\nvoluntary_ctxt_switches:\t" + switches
                        + "\nnonvoluntary_ctxt_switches:\t7\n");
        Files.move(status, thread.resolve("status"), StandardCopyOption.ATOMIC_MOVE);
    }

    @Test
    void seesOneOfThisProcess() throws Exception {
        Path fifo = directory.resolve("fifo");
        Thread thread = SleepingThread.start(fifo);
        assertFalse(new DiskSleep().awaitAwake(MOMENT));
        SleepingThread.wake(fifo);
        thread.join();
        assertTrue(new DiskSleep().awaitAwake(LONG));
    }

    @Test
    void nobodySleepsWhoRunsOrWaitsForAnythingElse() throws IOException {
        thread(1, "S (sleeping)", 10);
        thread(2, "R (running)", 10);
        assertTrue(new DiskSleep(directory).awaitAwake(Duration.ZERO));
    }

    @Test
    void oneSleepThatLastsIsTold() throws IOException {
        thread(1, "S (sleeping)", 10);
        thread(2, "D (disk sleep)", 10);
        assertFalse(new DiskSleep(directory).awaitAwake(MOMENT));
    }

    /** As of a thread that writes segment after segment. */
    @Test
    void anotherSleepOfTheSameThreadIsNone() throws Exception {
        thread(1, "D (disk sleep)", 10);
        var awake = CompletableFuture.supplyAsync(() -> new DiskSleep(directory).awaitAwake(LONG));
        for (int switches = 11; !awake.isDone(); switches++) {
            thread(1, "D (disk sleep)", switches);
        }
        assertTrue(awake.get());
    }

    /** The kernel wakes who waits for a disk that does not answer once a minute, and lets him sleep on. */
    @Test
    void whoWakesOnceSleepsOn() throws Exception {
        thread(1, "D (disk sleep)", 10);
        var awake = CompletableFuture.supplyAsync(() -> new DiskSleep(directory).awaitAwake(Duration.ofSeconds(2)));
        Thread.sleep(500);
        thread(1, "D (disk sleep)", 11);
        assertFalse(awake.get());
    }

    @Test
    void neitherIsThatOfAThreadThatHasEnded() throws Exception {
        thread(1, "D (disk sleep)", 10);
        var awake = CompletableFuture.supplyAsync(() -> new DiskSleep(directory).awaitAwake(LONG));
        Thread.sleep(500);
        assertFalse(awake.isDone());
        Files.delete(directory.resolve("1/status"));
        assertTrue(awake.get());
    }

    @Test
    void nobodyWaitsForWhatCannotBeSeen() {
        assertTrue(new DiskSleep(directory.resolve("none")).awaitAwake(Duration.ZERO));
    }
}
