package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ramzswap.config.Host;
import dev.ramzswap.config.RuntimePath;
import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Of two commands at one export, one waits. */
class SwapOffLockTest extends SwapOffCase {
    @Test
    void waitsForAnotherSwapoffOfTheSame() throws Exception {
        fake.swaps("/dev/nbd0 partition 1048576 400 100");
        fake.failures.put("swapoff /dev/nbd0", "swapoff: /dev/nbd0: swapoff failed: Invalid argument");
        fake.swapsAfterFailure.addAll(List.of("/dev/nbd0 partition 1048576 40 100", ""));
        swapOff(false, false);
        assertEquals(List.of("swapoff /dev/nbd0", "swapoff /dev/nbd0", "disconnect nbd0"), fake.ran);
        assertTrue(out.toString().contains("no longer swaps on /dev/nbd0, 100 pages taken back"), out.toString());
    }

    /** What ExecStop= does while the administrator's swapoff is at it. */
    @Test
    void whoWaitsForAnotherOfTheSameSucceedsWithIt() throws Exception {
        AtomicReference<Exception> failure = new AtomicReference<>();
        Thread waiting;
        try (NativeFile _ = new SwapLock(fake.machine(), "swap0").take(Duration.ZERO)) {
            fake.file("/proc/locks", Files.readString(Path.of("/proc/locks")));
            waiting = Thread.ofPlatform().start(() -> {
                try {
                    swapOff(true, false);
                } catch (IOException | InterruptedException e) {
                    failure.set(e);
                }
            });
            String expected = "swap0: waits for another swapon or swapoff of swap0 (pid "
                    + ProcessHandle.current().pid() + ")";
            while (waiting.isAlive() && !out.toString().contains(expected)) {
                Thread.sleep(10);
            }
            assertTrue(waiting.isAlive(), out.toString());
            fake.remove("/sys/block/nbd0");
            fake.device(0);
            Files.delete(temp.resolve("run/swap0.swap"));
        }
        waiting.join();
        assertNull(failure.get());
    }

    @Test
    void whoFindsAnotherAtItSaysWhom() throws Exception {
        try (NativeFile _ = new SwapLock(fake.machine(), "other").take(Duration.ZERO)) {
            fake.file("/proc/locks", Files.readString(Path.of("/proc/locks")));
            assertEquals(
                    "another swapon or swapoff of other (pid "
                            + ProcessHandle.current().pid() + ") is under way: wait for it",
                    assertThrows(IOException.class, () -> swapOn("other")).getMessage());
        }
    }

    @Test
    void whoeverWaitsForAnotherCanBeInterrupted() throws Exception {
        try (NativeFile _ = new SwapLock(fake.machine(), "swap0").take(Duration.ZERO)) {
            Thread.currentThread().interrupt();
            assertThrows(InterruptedException.class, () -> swapOff(false, false));
        }
        assertEquals(List.of(), fake.ran);
    }

    /** A /run that is full or read-only, here one in which nothing can be made. */
    @Test
    void aLockThatCannotBeMadeKeepsNobodyFromSwappingOff() throws Exception {
        fake.swaps("/dev/nbd0 partition 1048576 400 100");
        Host host = new Host(1L << 30, 0, Map.of(RuntimePath.VARIABLE, "/proc/none/run"));
        var machine = new Machine(host, fake.files(), fake, fake, fake, fake);
        new SwapOff(machine, "swap0", new PrintWriter(out), false).run(false);
        assertEquals(BOTH, fake.ran);
        assertTrue(out.toString().startsWith("swap0: goes on without a lock, which cannot be made"), out.toString());
    }

    /** After an error of its file system, or by an administrator. */
    @Test
    void aRuntimeDirectoryThatHasBecomeReadOnlyKeepsNobodyFromSwappingOffButFromSwappingOn() throws Exception {
        fake.swaps("/dev/nbd0 partition 1048576 400 100");
        String run = temp.resolve("run").toString();
        assumeTrue(mount("mount", "--bind", run, run), "needs root");
        try {
            assertTrue(mount("mount", "-o", "remount,bind,ro", run));
            String refusal =
                    assertThrows(IOException.class, () -> swapOn("other")).getMessage();
            assertTrue(refusal.contains("Read-only file system"), refusal);
            assertEquals(List.of(), fake.ran);
            swapOff(false, false);
            assertEquals(BOTH, fake.ran);
        } finally {
            mount("umount", run);
        }
    }

    private static boolean mount(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).start().waitFor() == 0;
    }

    @Test
    void aLockThatIsThereAndCannotBeHadKeepsIt() throws Exception {
        Path lock = temp.resolve("run/swap0.swap.lock");
        Files.deleteIfExists(lock);
        Files.createSymbolicLink(lock, temp.resolve("none"));
        assertThrows(IOException.class, () -> swapOff(false, false));
        assertEquals(List.of(), fake.ran);
    }
}
