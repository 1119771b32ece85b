package dev.ramzswap.guard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class FullWatchTest {
    private static final String FULL =
            "MemTotal:  1000000 kB\nMemFree:  9000 kB\nMemAvailable:   0 kB\nBuffers: 7 kB\n";
    private static final String NOT_FULL = FULL.replace("   0 kB", "90000 kB");
    private static final Duration INTERVAL = Duration.ofMillis(1);
    private static final int LOOKS = 30;

    @TempDir
    private Path directory;

    /** Watches for a number of looks. Returns what was asked of the kernel. */
    private String watch(String meminfo, long refusedPerLook) throws IOException, InterruptedException {
        Path trigger = Files.writeString(directory.resolve("trigger"), "");
        AtomicLong refused = new AtomicLong();
        CountDownLatch looks = new CountDownLatch(LOOKS);
        try (FullWatch _ = new FullWatch(
                () -> {
                    looks.countDown();
                    return refused.addAndGet(refusedPerLook);
                },
                Files.writeString(directory.resolve("meminfo"), meminfo),
                trigger,
                INTERVAL)) {
            looks.await();
        }
        return Files.readString(trigger);
    }

    @Test
    void asksForTheOomKillerOnceAndThenWaitsForItsEffect() throws IOException, InterruptedException {
        assertEquals("f", watch(FULL, 1));
    }

    @Test
    void refusedPagesAloneAreNoReason() throws IOException, InterruptedException {
        assertEquals("", watch(NOT_FULL, 1));
    }

    @Test
    void fullMemoryAloneIsNoReason() throws IOException, InterruptedException {
        assertEquals("", watch(FULL, 0));
    }

    @Test
    void saysWhenItCannotWatch() throws IOException {
        Path meminfo = Files.writeString(directory.resolve("meminfo"), FULL);
        assertThrows(
                IOException.class,
                () -> new FullWatch(() -> 0, meminfo, directory.resolve("missing"), INTERVAL).close());
    }
}
