package dev.ramzswap.guard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class FullWatchTest {
    private static final String FULL =
            "MemTotal:  1000000 kB\nMemFree:  9000 kB\nMemAvailable:   0 kB\nBuffers: 7 kB\n";
    private static final String NOT_FULL = FULL.replace("   0 kB", "90000 kB");
    private static final String OURS_ALONE = "Filename Type Size Used Priority\n/dev/nbd0 partition 8192 1 100\n";
    private static final Duration INTERVAL = Duration.ofMillis(1);
    private static final int LOOKS = 30;
    private static final int MANY_LOOKS = 120;

    @TempDir
    private Path directory;

    /**
     * Watches for a number of looks. Returns what was asked of the kernel.
     *
     * @param swaps what there is at each look
     */
    private String watch(String meminfo, int refusedPerLook, int looks, IntFunction<String> swaps)
            throws IOException, InterruptedException {
        file("meminfo", meminfo);
        file("swaps", swaps.apply(0));
        Path trigger = file("sysrq-trigger", "");
        AtomicInteger look = new AtomicInteger();
        CountDownLatch left = new CountDownLatch(looks);
        try (FullWatch _ = new FullWatch(
                () -> {
                    write("swaps", swaps.apply(look.incrementAndGet()));
                    left.countDown();
                    return (long) look.get() * refusedPerLook;
                },
                device -> device == 0,
                directory,
                INTERVAL)) {
            left.await();
        }
        return Files.readString(trigger);
    }

    private String watch(String meminfo, int refusedPerLook) throws IOException, InterruptedException {
        return watch(meminfo, refusedPerLook, LOOKS, _ -> OURS_ALONE);
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
    void otherSwapThatTakesPagesIsWaitedFor() throws IOException, InterruptedException {
        assertEquals(
                "", watch(FULL, 1, MANY_LOOKS, look -> OURS_ALONE + "/swap\\040file file\t\t8192 " + look + " -2\n"));
    }

    /** Another daemon's, or a disk behind the network. */
    @Test
    void aNetworkBlockDeviceThatIsNotItsOwnIsOtherSwap() throws IOException, InterruptedException {
        assertEquals(
                "",
                watch(
                        FULL,
                        1,
                        MANY_LOOKS,
                        look -> OURS_ALONE + "/dev/nbd10 partition 9000 " + (1000 + look) + " 50\n"));
        assertEquals("", watch(FULL, 1, LOOKS, _ -> OURS_ALONE + "/dev/nbd1 partition 9000 4096 50\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/dev/nbd-spare", "/srv/dev/nbd0.swap"})
    void whatIsOnlyCalledAlikeIsOtherSwap(String name) throws IOException, InterruptedException {
        assertEquals(
                "", watch(FULL, 1, MANY_LOOKS, look -> OURS_ALONE + name + " file 9000 " + (1000 + look) + " 50\n"));
    }

    /** Swapped on in a chroot, as /proc/swaps has it outside. */
    @Test
    void itsOwnDeviceIsNoOtherSwapByALongerPathEither() throws IOException, InterruptedException {
        assertEquals("f", watch(FULL, 1, LOOKS, _ -> OURS_ALONE.replace("/dev/", "/mnt/dev/")));
    }

    @Test
    void aPageThatOtherSwapGivesBackAndTakesAgainIsNoProgress() throws IOException, InterruptedException {
        String asked = watch(
                FULL,
                1,
                MANY_LOOKS,
                look -> OURS_ALONE + "/dev/sda2 partition 8192 " + (look % 4 == 0 ? 8188 : 8192) + " -2\n");
        assertTrue(asked.startsWith("f"), asked);
    }

    @Test
    void otherSwapThatMayTakePagesIsWaitedForAWhile() throws IOException, InterruptedException {
        assertEquals("", watch(FULL, 1, LOOKS, _ -> OURS_ALONE + "/dev/sda2 partition 8192 4096 -2\n"));
        assertEquals("f", watch(FULL, 1, MANY_LOOKS, _ -> OURS_ALONE + "/dev/sda2 partition 8192 4096 -2\n"));
    }

    @Test
    void otherSwapThatIsFullIsNotWaitedFor() throws IOException, InterruptedException {
        assertEquals("f", watch(FULL, 1, LOOKS, _ -> OURS_ALONE + "/dev/sda2 partition 8192 8192 -2\n"));
    }

    /** As nbd-client -persist does, to a daemon that was started, or took over, while the device was swapped on. */
    @Test
    void aDeviceWhoseClientConnectsLaterIsItsOwnFromThenOn() throws IOException, InterruptedException {
        AtomicInteger questions = new AtomicInteger();
        assertEquals("f", watchWhose(_ -> questions.incrementAndGet() > 1));
    }

    @Test
    void aDeviceThatIsAttachedElsewhereIsItsOwnNoMore() throws IOException, InterruptedException {
        AtomicInteger questions = new AtomicInteger();
        assertEquals("", watchWhose(_ -> questions.incrementAndGet() == 1));
    }

    /** Whatever goes wrong with a question, and with the words about it. */
    @Test
    void aQuestionThatFailsDoesNotEndTheWatch() throws IOException, InterruptedException {
        AtomicInteger questions = new AtomicInteger();
        assertEquals("f", watchWhose(_ -> {
            if (questions.incrementAndGet() == 1) {
                throw new UnspeakableException();
            }
            return true;
        }));
    }

    @SuppressWarnings("serial") // nobody writes it anywhere
    private static final class UnspeakableException extends RuntimeException {
        @Override
        public String toString() {
            throw new OutOfMemoryError("made up");
        }
    }

    /** Full once more, after looks that saw nothing, is not full on end. */
    @Test
    void looksThatFailAreNoneOfThoseInSuccession() throws IOException, InterruptedException {
        file("meminfo", FULL);
        file("swaps", OURS_ALONE);
        Path trigger = file("sysrq-trigger", "");
        AtomicInteger look = new AtomicInteger();
        CountDownLatch left = new CountDownLatch(30);
        try (FullWatch _ = new FullWatch(
                () -> {
                    int number = look.getAndIncrement();
                    left.countDown();
                    if (number > 7 && number < 20) {
                        throw new IllegalStateException("made up");
                    }
                    return Math.min(number, 26);
                },
                _ -> true,
                directory,
                INTERVAL)) {
            left.await();
        }
        assertEquals("", Files.readString(trigger));
    }

    /** Memory gets full after so many looks that whose a device is may be asked anew. */
    private String watchWhose(IntPredicate isOwn) throws IOException, InterruptedException {
        int looksBefore = 60;
        file("meminfo", NOT_FULL);
        file("swaps", OURS_ALONE);
        Path trigger = file("sysrq-trigger", "");
        AtomicInteger look = new AtomicInteger();
        CountDownLatch left = new CountDownLatch(looksBefore + LOOKS);
        try (FullWatch _ = new FullWatch(
                () -> {
                    if (look.incrementAndGet() == looksBefore) {
                        write("meminfo", FULL + " ".repeat(NOT_FULL.length() - FULL.length()));
                    }
                    left.countDown();
                    return (long) look.get();
                },
                isOwn,
                directory,
                INTERVAL)) {
            assertTrue(left.await(5, TimeUnit.SECONDS), "the watch has ended");
        }
        return Files.readString(trigger);
    }

    @Test
    void saysWhenItCannotWatch() throws IOException {
        file("meminfo", FULL);
        file("swaps", OURS_ALONE);
        assertThrows(IOException.class, () -> new FullWatch(() -> 0, _ -> true, directory, INTERVAL).close());
    }

    /** As of a thread: it is no reason to end a start with pages. */
    @Test
    void wantOfMemoryIsWhyItCannotWatchToo() throws IOException {
        file("meminfo", FULL);
        file("swaps", OURS_ALONE);
        file("sysrq-trigger", "");
        IOException e =
                assertThrows(IOException.class, () -> new FullWatch(this::outOfMemory, _ -> true, directory, INTERVAL));
        assertEquals("made up", e.getMessage());
    }

    private long outOfMemory() {
        throw new OutOfMemoryError("made up");
    }

    /** Its memory is not the machine's, but the OOM killer that it would call is. */
    @Test
    void doesNotCallTheOomKillerFromAContainer() throws IOException {
        Path namespaces = Files.createDirectory(directory.resolve("ns"));
        Path user = Files.createSymbolicLink(namespaces.resolve("user"), Path.of("user:[4026531837]"));
        Files.createSymbolicLink(namespaces.resolve("pid"), Path.of("pid:[4026531836]"));
        FullWatch.requireMachine(namespaces);
        Files.delete(user);
        Files.createSymbolicLink(user, Path.of("user:[4026532288]"));
        IOException e = assertThrows(IOException.class, () -> FullWatch.requireMachine(namespaces));
        assertTrue(e.getMessage().startsWith("this is a container (user namespace)"), e.getMessage());
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }

    /** In place: the watch has it open. */
    private void write(String name, String text) {
        try (FileChannel file = FileChannel.open(directory.resolve(name), StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
