package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ramzswap.config.Host;
import dev.ramzswap.config.RuntimePath;
import dev.ramzswap.daemon.Daemon;
import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SwapOffTest {
    private static final List<String> BOTH = List.of("swapoff /dev/nbd0", "disconnect nbd0");

    @TempDir
    private Path temp;

    private FakeMachine fake;
    private Daemon daemon;
    private final StringWriter out = new StringWriter();
    private boolean isByNbdClient;

    @BeforeEach
    void swappedOn() throws Exception {
        fake = new FakeMachine(temp);
        daemon = fake.serve("name=swap0,size=16M", "name=other,size=16M");
        swapOn("swap0");
    }

    @AfterEach
    void close() {
        daemon.close();
    }

    private void swapOn(String name) throws IOException, InterruptedException {
        var request = new SwapRequest(
                name,
                Optional.empty(),
                Optional.empty(),
                Optional.of(1),
                isByNbdClient,
                Optional.empty(),
                Optional.empty(),
                false,
                true,
                false);
        new SwapOn(fake.machine(), request, new PrintWriter(out)).run(Optional.empty());
        fake.ran.clear();
        out.getBuffer().setLength(0);
    }

    private void swapOff(boolean terminal, boolean force) throws IOException, InterruptedException {
        new SwapOff(fake.machine(), "swap0", new PrintWriter(out), terminal).run(force);
    }

    private String failure() {
        return assertThrows(IOException.class, () -> swapOff(false, false)).getMessage();
    }

    private boolean hasRecord(String name) {
        return Files.exists(temp.resolve("run/" + name + ".swap"));
    }

    @Test
    void takesThePagesBackThenDetaches() throws Exception {
        fake.swaps("/dev/nbd0 partition 1048576 409600 100");
        swapOff(false, false);
        assertEquals(BOTH, fake.ran);
        assertEquals("""
                swap0: no longer swaps on /dev/nbd0, 102400 pages taken back in 0 s
                swap0: is not attached any more
                """, out.toString());
        assertFalse(hasRecord("swap0"));
        assertFalse(fake.files().exists("/sys/block/nbd0/pid"));
    }

    /**
     * Outside, /proc/swaps has its path in the chroot; swapoff(2) knows it by any node, also one that was made anew.
     */
    @ParameterizedTest
    @ValueSource(strings = {"/mnt/dev/nbd0", "/dev/nbd0\\040(deleted)"})
    void takesOffWhatIsThereByAnotherName(String name) throws Exception {
        fake.swaps(name + " partition 1048576 409600 100");
        swapOff(false, false);
        assertEquals(BOTH, fake.ran);
    }

    /** Mounted, a part of another device, or swapped on by a path that nobody sees any more. */
    @Test
    void whatIsInUseByAnotherNameIsNotDetached() throws Exception {
        fake.swaps("/nbd0 partition 1048576 409600 100", "/swapfile file 1048576 0 -2");
        fake.inUse = Optional.of(true);
        assertEquals(
                "/dev/nbd0 is in use still, and what is there would be lost: swap it off by the name that it has in"
                        + " /proc/swaps (/nbd0, /swapfile), or unmount it, then repeat this",
                failure());
        assertEquals(List.of(), fake.ran);
        assertTrue(hasRecord("swap0"));
    }

    /** Swap on something else whose path in a chroot is the same. */
    @Test
    @Timeout(30)
    void doesNotWaitForWhatAnotherDeviceHas() throws Exception {
        fake.swaps("/mnt/dev/nbd0 file 1048576 409600 100");
        fake.failures.put("swapoff /dev/nbd0", "swapoff: /dev/nbd0: swapoff failed: Invalid argument");
        fake.inUse = Optional.of(false);
        swapOff(false, false);
        assertEquals(BOTH, fake.ran);
    }

    @Test
    void detachesByNbdClientWhatThatAttached() throws Exception {
        fake.device(1);
        isByNbdClient = true;
        swapOn("other");
        new SwapOff(fake.machine(), "other", new PrintWriter(out), false).run(false);
        assertEquals(List.of("swapoff /dev/nbd1", "nbd-client -d /dev/nbd1"), fake.ran);
        assertFalse(hasRecord("other"));
    }

    @Test
    void showsProgress() throws Exception {
        fake.swaps("/dev/nbd0 partition 1048576 400 100");
        fake.swapsDuringSwapoff.addAll(
                List.of("/dev/nbd0 partition 1048576 400 100", "/dev/nbd0 partition 1048576 40 100", ""));
        swapOff(true, false);
        String[] shown = out.toString().split("\r\033\\[K");
        assertEquals("swap0: 100 pages left, 0 pages/s", shown[1]);
        assertTrue(shown[2].matches("swap0: 10 pages left, \\d+ pages/s, \\d+ s left"), shown[2]);
        assertTrue(shown[3].matches("swap0: 0 pages left, \\d+ pages/s, 0 s left"), shown[3]);
        assertTrue(shown[4].startsWith("swap0: no longer swaps on /dev/nbd0, 100 pages"), shown[4]);
    }

    @Test
    void refusesWhatMemoryCannotTake() throws Exception {
        fake.file("/proc/meminfo", "MemTotal: 4194304 kB\nMemAvailable: 1048576 kB\n");
        fake.swaps("/dev/nbd0 partition 8388608 4194304 100", "/dev/sda2 partition 2097152 1048576 -2");
        assertEquals(
                "swapoff would bring back 4G, and there are 1G of memory available and 1G free in other swap:"
                        + " end some programs or add swap first, or try it with --force",
                failure());
        assertEquals(List.of(), fake.ran);
        assertTrue(hasRecord("swap0"));
        swapOff(false, true);
        assertEquals(BOTH, fake.ran);
    }

    @Test
    void otherSwapMayTakeWhatMemoryCannot() throws Exception {
        fake.file("/proc/meminfo", "MemTotal: 4194304 kB\nMemAvailable: 1048576 kB\n");
        fake.swaps("/dev/nbd0 partition 8388608 2097152 100", "/dev/sda2 partition 2097152 1048576 -2");
        swapOff(false, false);
        assertEquals(BOTH, fake.ran);
    }

    /** It would be filled with what leaves the other. */
    @ParameterizedTest
    @ValueSource(strings = {"/dev/nbd1", "/dev/zram0"})
    void roomThatIsTheSameMemoryIsNone(String other) throws Exception {
        swapOn("other");
        fake.file("/proc/meminfo", "MemTotal: 4194304 kB\nMemAvailable: 1048576 kB\n");
        fake.swaps("/dev/nbd0 partition 8388608 2097152 100", other + " partition 8388608 0 50");
        assertTrue(failure().contains("1G of memory available and 0B free in other swap"), failure());
        assertEquals(List.of(), fake.ran);
    }

    @Test
    void aSwapoffThatFailsLeavesAllAsItIs() {
        fake.failures.put("swapoff /dev/nbd0", "swapoff: /dev/nbd0: swapoff failed: Cannot allocate memory");
        assertEquals("swapoff /dev/nbd0 failed: swapoff: /dev/nbd0: swapoff failed: Cannot allocate memory", failure());
        assertEquals(BOTH.subList(0, 1), fake.ran);
        assertTrue(hasRecord("swap0"));
    }

    @Test
    void waitsForAnotherSwapoffOfTheSame() throws Exception {
        fake.swaps("/dev/nbd0 partition 1048576 400 100");
        fake.failures.put("swapoff /dev/nbd0", "swapoff: /dev/nbd0: swapoff failed: Invalid argument");
        fake.swapsAfterFailure.addAll(List.of("/dev/nbd0 partition 1048576 40 100", ""));
        swapOff(false, false);
        assertEquals(List.of("swapoff /dev/nbd0", "swapoff /dev/nbd0", "disconnect nbd0"), fake.ran);
        assertTrue(out.toString().contains("no longer swaps on /dev/nbd0, 100 pages taken back"), out.toString());
    }

    /** Detached meanwhile, and attached by another program; whether that swaps there or not. */
    @ParameterizedTest
    @ValueSource(strings = {"", "/dev/nbd0 partition 1048576 400 100"})
    void whatSomebodyAttachedSinceIsNotTakenOff(String swaps) throws Exception {
        fake.failures.put("swapoff /dev/nbd0", "swapoff: /dev/nbd0: swapoff failed: Invalid argument");
        fake.onFailure = () -> {
            fake.file("/sys/block/nbd0/pid", "999");
            fake.swaps(swaps);
            fake.failures.clear();
        };
        swapOff(false, false);
        assertEquals(BOTH.subList(0, 1), fake.ran);
        assertFalse(hasRecord("swap0"));
    }

    @Test
    void aDaemonThatCannotBeEndedCanBeToldAgain() throws Exception {
        Path record = temp.resolve("run/swap0.swap");
        Files.writeString(record, Files.readString(record).strip() + " owns-daemon\n");
        Files.delete(temp.resolve("run/" + ProcessHandle.current().pid() + ".control"));
        for (int i = 0; i < 2; i++) {
            failure();
            assertTrue(hasRecord("swap0"));
        }
        assertEquals(BOTH, fake.ran);
    }

    /** Systemd has it, and nobody else between its death and the next one's. */
    @Test
    @Timeout(60)
    void aDaemonThatIsToBeginAnewForNobodyIsEnded() throws Exception {
        dies();
        fake.answers.put(
                "systemctl show",
                new ArrayDeque<>(List.of("activating", "activating", "activating", "activating", "inactive")));
        swapOff(false, false);
        String shown = "systemctl show --property=ActiveState --value ramzswap-serve-swap0.service";
        String told = "systemctl kill --signal=TERM ramzswap-serve-swap0.service";
        assertEquals(
                List.of(shown, shown, told, shown, shown, told, shown), fake.ran.subList(BOTH.size(), fake.ran.size()));
        assertFalse(hasRecord("swap0"));
    }

    /** It fails, and begins anew each second: nothing else ends it. */
    @Test
    @Timeout(60)
    void aDaemonThatAKilledSwaponHasLeftIsEnded() throws Exception {
        Files.delete(temp.resolve("run/swap0.swap"));
        fake.disconnect(0);
        fake.ran.clear();
        daemon.close();
        fake.answers.put(
                "systemctl show",
                new ArrayDeque<>(List.of("activating", "activating", "activating", "activating", "inactive")));
        swapOff(false, false);
        assertTrue(fake.ran.contains("systemctl kill --signal=TERM ramzswap-serve-swap0.service"), fake.ran::toString);
    }

    /** At a shutdown, this may be what systemd stops it by. */
    @ParameterizedTest
    @ValueSource(strings = {"inactive", "failed", "deactivating", "System has not been booted with systemd"})
    void aServiceThatEndsIsLeftToItself(String state) throws Exception {
        dies();
        fake.answers.put("systemctl show", new ArrayDeque<>(List.of(state)));
        swapOff(false, false);
        assertFalse(fake.ran.toString().contains("kill"), fake.ran::toString);
        assertFalse(hasRecord("swap0"));
    }

    @Test
    void aDaemonThatIsToBeginAnewForAnotherDeviceIsNotEnded() throws Exception {
        diesBesideAnother();
        fake.answers.put("systemctl show", new ArrayDeque<>(List.of("activating", "activating")));
        assertEquals(
                "ramzswap-serve-swap0.service begins anew, and may be what /dev/nbd1 waits for: repeat this when"
                        + " ramzswap status shows other, or if another daemon serves that, end it by systemctl kill"
                        + " ramzswap-serve-swap0.service",
                failure());
        assertFalse(fake.ran.toString().contains("kill"), fake.ran::toString);
        assertTrue(hasRecord("swap0"));
    }

    /** It dies for what it is told, and what begins in its place has the other device's pages. */
    @Test
    @Timeout(60)
    void aDaemonThatBeginsAnewMeanwhileForAnotherDeviceIsNotEnded() throws Exception {
        diesBesideAnother();
        fake.answers.put(
                "systemctl show",
                new ArrayDeque<>(List.of("active", "active", "activating", "activating", "inactive")));
        String failure = failure();
        assertTrue(failure.startsWith("ramzswap-serve-swap0.service begins anew"), failure);
        assertEquals(
                1, fake.ran.stream().filter(words -> words.contains("kill")).count());
        assertTrue(hasRecord("swap0"));
    }

    /** One that serves does not end for what it is told while somebody is attached. */
    @Test
    void aDaemonThatServesUnseenIsToldToEndWhateverElseIsAttached() throws Exception {
        diesBesideAnother();
        fake.answers.put("systemctl show", new ArrayDeque<>(List.of("active", "active", "inactive")));
        swapOff(false, false);
        assertTrue(fake.ran.contains("systemctl kill --signal=TERM ramzswap-serve-swap0.service"), fake.ran::toString);
        assertFalse(hasRecord("swap0"));
    }

    private void diesBesideAnother() throws Exception {
        fake.file("/sys/block/nbd1/size", "0");
        swapOn("other");
        dies();
    }

    private void dies() throws IOException {
        Path record = temp.resolve("run/swap0.swap");
        Files.writeString(record, Files.readString(record).strip() + " owns-daemon\n");
        daemon.close();
    }

    @Test
    void detachesWhatWasSwappedOffByHand() throws Exception {
        fake.swaps();
        swapOff(false, false);
        assertEquals(BOTH.subList(1, 2), fake.ran);
    }

    @Test
    void theKernelKnowsWhatIsAttachedThoughTheRecordIsLost() throws Exception {
        fake.swaps("/dev/nbd0 partition 1048576 400 100");
        Files.delete(temp.resolve("run/swap0.swap"));
        swapOff(false, false);
        assertEquals(BOTH, fake.ran);
    }

    @Test
    void leavesADeviceAloneThatIsSomebodyElsesByNow() throws Exception {
        fake.file("/sys/block/nbd0/pid", "999");
        fake.file("/sys/block/nbd0/backend", "rbd");
        swapOff(false, false);
        assertEquals(List.of(), fake.ran);
        assertFalse(hasRecord("swap0"));
    }

    @Test
    void aDaemonOfTwoGoesOnForTheOther() throws Exception {
        fake.file("/sys/block/nbd1/size", "0");
        swapOn("other");
        Path record = temp.resolve("run/swap0.swap");
        Files.writeString(record, Files.readString(record).strip() + " owns-daemon\n");
        swapOff(false, false);
        assertTrue(out.toString().contains("swap0: the daemon goes on for other\n"), out.toString());
        assertTrue(Files.readString(temp.resolve("run/other.swap")).endsWith(" owns-daemon\n"));
    }

    /** As if the kernel had said what it frees of it, until a swapoff. */
    private Path probedBesides() throws Exception {
        fake.file("/sys/block/nbd1/size", "0");
        swapOn("other");
        fake.swaps("/dev/nbd1 partition 16380 80 100");
        fake.asked = 0;
        return temp.resolve("run/other.slot-probe");
    }

    @Test
    void whatTheKernelFreesOfOthersIsAskedForAgain() throws Exception {
        Files.delete(probedBesides());
        swapOff(false, false);
        assertEquals(1, fake.asked);
        assertTrue(
                out.toString()
                        .endsWith(
                                "swap0: the dead pages of other stay until the next ramzswap swapon or swapoff: no such"
                                        + " function\n"),
                out::toString);
        assertFalse(Files.exists(temp.resolve("run/other.slot-probe")), "the next one tries again");
    }

    @Test
    void butNotIfItCouldNotBeHad() throws Exception {
        probedBesides();
        swapOff(false, false);
        assertEquals(0, fake.asked);
    }

    @Test
    void norWhileAnotherIsAtThat() throws Exception {
        Files.delete(probedBesides());
        try (NativeFile _ = new SwapLock(fake.machine(), "other").take(Duration.ZERO)) {
            swapOff(false, false);
        }
        assertEquals(0, fake.asked);
        assertTrue(out.toString().contains("the dead pages of other stay until the next ramzswap swapon or swapoff: "));
        assertFalse(hasRecord("swap0"));
    }

    @Test
    void refusesWhatSwaponHasNotAttached() throws Exception {
        swapOff(false, false);
        assertTrue(failure().startsWith("ramzswap swapon has not attached 'swap0'"));
        fake.uid = 1000;
        assertEquals("swapoff needs root: sudo ramzswap swapoff ...", failure());
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

    /** A full /run had left it. */
    @Test
    void aRecordThatIsNoneIsTakenAway() throws Exception {
        Files.writeString(temp.resolve("run/third.swap"), "");
        new SwapOff(fake.machine(), "third", new PrintWriter(out), false).run(false);
        assertFalse(hasRecord("third"));
    }

    /** Where the runtime directory is one that holds more. */
    @ParameterizedTest
    @ValueSource(strings = {"a list of things to buy", "/dev/nbd0 4711 owns-daemon and more", "\0"})
    void aFileThatIsNoRecordIsLeftAlone(String text) throws Exception {
        Path notes = Files.writeString(temp.resolve("run/third.swap"), text);
        var swapOff = new SwapOff(fake.machine(), "third", new PrintWriter(out), false);
        String message =
                assertThrows(IOException.class, () -> swapOff.run(false)).getMessage();
        assertTrue(message.startsWith("ramzswap swapon has not attached 'third': "), message);
        assertEquals(text, Files.readString(notes));
    }

    /** Larger than an array may be. */
    @Test
    void noMoreOfAFileIsReadThanARecordCanHave() throws Exception {
        try (var file = new RandomAccessFile(temp.resolve("run/third.swap").toFile(), "rw")) {
            file.setLength(3L << 30);
        }
        assertEquals(Optional.empty(), SwapRecord.read(fake.machine().host(), "third"));
        assertTrue(hasRecord("third"));
    }

    @Test
    void aRecordOfWhatIsNoMoreHidesNothing() throws Exception {
        Files.writeString(temp.resolve("run/swap0.swap"), "/dev/nbd1 4242\n");
        fake.swaps("/dev/nbd0 partition 1048576 400 100");
        swapOff(false, false);
        assertEquals(BOTH, fake.ran);
    }
}
