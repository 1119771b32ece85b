package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.daemon.Daemon;
import dev.ramzswap.linux.KernelEnd;
import dev.ramzswap.linux.ProcessId;
import dev.ramzswap.nbd.client.LoopbackClient;
import dev.ramzswap.status.ExportStatus;
import dev.ramzswap.status.KernelSlots;
import dev.ramzswap.status.LiveExport;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.UnixDomainSocketAddress;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SwapOnTest {
    private static final String EXPORT = "name=swap0,size=16M";

    @TempDir
    private Path temp;

    private FakeMachine fake;
    private final StringWriter out = new StringWriter();
    private Optional<String> device = Optional.empty();
    private Optional<Duration> requestTimeout = Optional.empty();
    private Optional<Duration> reconnectTimeout = Optional.empty();
    private boolean isByNbdClient;

    private boolean probesSlots = true;
    private boolean tune;
    private boolean isUnsafe;

    @BeforeEach
    void machine() {
        fake = new FakeMachine(temp);
    }

    private void swapOn(String name, SwapOn.Starter... starter) throws IOException, InterruptedException {
        var request = new SwapRequest(
                name,
                device,
                Optional.empty(),
                Optional.of(2),
                isByNbdClient,
                requestTimeout,
                reconnectTimeout,
                tune,
                probesSlots,
                isUnsafe);
        new SwapOn(fake.machine(), request, new PrintWriter(out))
                .run(List.of(starter).stream().findFirst());
    }

    private String failure(String name, SwapOn.Starter... starter) {
        return assertThrows(IOException.class, () -> swapOn(name, starter)).getMessage();
    }

    private long count(String beginning) {
        return fake.ran.stream().filter(call -> call.startsWith(beginning)).count();
    }

    private boolean hasRecord() {
        return Files.exists(record());
    }

    private Path record() {
        return temp.resolve("run/swap0.swap");
    }

    @Test
    void aDiskHasTimeToSpinUp() throws Exception {
        try (Daemon _ = fake.serve(EXPORT + ",backing-file=" + temp.resolve("backing"))) {
            swapOn("swap0");
        }
        assertEquals("connect nbd0 swap0 2 15 60", fake.ran.getFirst());
    }

    /** Whatever the export's storage would need: who gives it knows his disk. */
    @ParameterizedTest
    @ValueSource(strings = {"", ",backing-file=%s"})
    void theKernelWaitsAsLongAsItIsTold(String storage) throws Exception {
        requestTimeout = Optional.of(Duration.ofSeconds(40));
        reconnectTimeout = Optional.of(Duration.ofSeconds(600));
        try (Daemon _ = fake.serve(EXPORT + storage.formatted(temp.resolve("backing")))) {
            swapOn("swap0");
        }
        assertEquals("connect nbd0 swap0 2 40 600", fake.ran.getFirst());
    }

    /** The kernel has the sockets, whatever its answer was: nothing is sent by them but its own good-bye. */
    @Test
    void aDeviceThatWasAttachedInSpiteOfAnErrorIsDetached() throws Exception {
        try (Daemon _ = fake.serve(EXPORT)) {
            fake.losesAnswer = true;
            assertTrue(failure("swap0").contains("ENOBUFS"));
            assertEquals("disconnect nbd0", fake.ran.getLast());
            fake.taken.forEach(KernelEnd::detach);
        }
    }

    @Test
    void doesItStepByStep() throws Exception {
        try (Daemon _ = fake.serve(EXPORT)) {
            swapOn("swap0");
        }
        assertEquals(
                List.of(
                        "connect nbd0 swap0 2 3 60",
                        "mkswap -L swap0 /dev/nbd0",
                        "swapon -p 100 --discard=pages /dev/nbd0"),
                fake.ran);
        assertEquals("""
                swap0: attached to /dev/nbd0, connections: 2
                swap0: swaps on /dev/nbd0, 16M, priority 100
                swap0: keeps dead pages until their slots are written again, as the kernel does not say what it frees: no such function
                """, out.toString());
        assertEquals("/dev/nbd0 4711\n", Files.readString(temp.resolve("run/swap0.swap")));
    }

    @Test
    void doctorSaysHowManyOfThePagesTheKernelHasAndWhyOthersStay() throws Exception {
        try (Daemon _ = fake.serve(EXPORT)) {
            swapOn("swap0");
            fake.swaps("/dev/nbd0 partition 16380 80 100");
            Finding finding = new Doctor(fake.machine())
                    .examine(100).stream()
                            .filter(one -> one.subject().equals("dead slots of swap0"))
                            .findFirst()
                            .orElseThrow();
            assertEquals(
                    "of 0 stored pages, the kernel has 20; others stay (swapon said: no such function)",
                    finding.text());
        }
    }

    /** Why what the kernel frees is not seen; empty if that is of no interest. */
    private Optional<String> whyOff() throws IOException {
        ExportStatus export = ExportStatus.find(fake.machine().host(), "swap0").orElseThrow();
        return new SlotChecks(fake.machine()).slots(export).map(KernelSlots::whyOff);
    }

    @Test
    void theReasonIsThatOfTheLastSwapon() throws Exception {
        try (Daemon _ = fake.serve(EXPORT)) {
            swapOn("swap0");
            fake.file("/sys/module/zswap/parameters/enabled", "Y");
            assertEquals(Optional.of("swapon said: no such function"), whyOff());
            swapOn("swap0");
            assertEquals(Optional.of("swapon said: zswap keeps pages before they come here"), whyOff());
            probesSlots = false;
            swapOn("swap0");
            assertEquals(Optional.of("swapon said: --no-slot-probe was given"), whyOff());
        }
    }

    /** Nothing is tried in the kernel then. */
    @ParameterizedTest
    @ValueSource(ints = {16, 64})
    void pagesOfAnotherSizeLeaveTheProbeOff(int kib) throws Exception {
        fake.file("/proc/self/smaps", "KernelPageSize:       " + kib + " kB");
        try (Daemon _ = fake.serve(EXPORT)) {
            swapOn("swap0");
            assertEquals(Optional.of("swapon said: the kernel's pages are not of 4K, as slots are here"), whyOff());
        }
        assertEquals(0, fake.asked);
    }

    /** As somebody else has made it of what is swapped on: a partition of the device is not where its slots begin. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "none",
            value = {
                "/dev/nbd0 partition 16380 0 100   | /dev/sda2 partition 2097148 0 200 | /dev/sda2 has a higher priority, and pages go there first",
                "/dev/nbd0 partition 16380 0 100   | /swapfile file 1048576 1048575 101 | /swapfile has a higher priority, and pages go there first",
                "/dev/nbd0p1 partition 16380 0 100 | none                              | the kernel does not swap on /dev/nbd0 itself",
                "/dev/sda2 partition 2097148 0 -2  | none                              | the kernel does not swap on /dev/nbd0 itself",
            })
    void oddSwapLeavesTheProbeOff(String first, String second, String reason) throws Exception {
        assertEquals(0, askedBeside(first, second));
        assertTrue(out.toString().endsWith("does not say what it frees: " + reason + "\n"), out::toString);
    }

    /** Pages come here then, of which the proof decides. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/dev/sda2 partition 2097148 2097148 200",
                "/swapfile file 1048576 0 100",
                "/dev/nbd1 partition 16380 0 100",
                "/dev/sda2 partition 2097148 0 -2",
            })
    void otherSwapThatDoesNotGoBeforeItLeavesItToTheProof(String other) throws Exception {
        assertEquals(1, askedBeside("/dev/nbd0 partition 16380 0 100", other));
    }

    /** How often the kernel was asked by a swapon that finds these areas. */
    private int askedBeside(String... areas) throws Exception {
        try (Daemon _ = fake.serve(EXPORT)) {
            swapOn("swap0");
            fake.asked = 0;
            fake.swaps(Stream.of(areas).filter(Objects::nonNull).toArray(String[]::new));
            new DeadSlots(fake.machine(), "swap0", new PrintWriter(out))
                    .begin(
                            ExportStatus.find(fake.machine().host(), "swap0").orElseThrow(),
                            NbdDevice.at(fake.files(), "/dev/nbd0"));
        }
        return fake.asked;
    }

    /** What holds of the next is not known yet. */
    @Test
    void aSwaponThatBeginsForgetsTheReasonOfTheLast() throws Exception {
        try (Daemon _ = fake.serve(EXPORT)) {
            swapOn("swap0");
            fake.interrupted = "slot probe";
            assertThrows(InterruptedException.class, () -> swapOn("swap0"));
            assertEquals(
                    Optional.of(
                            "the slot probe has ended, with a swapoff on this machine, or not begun: ramzswap swapon"
                                    + " begins it"),
                    whyOff());
        }
    }

    @Test
    void aReasonIsNotShownOfWhatIsSwappedOnNoMore() throws Exception {
        try (Daemon _ = fake.serve(EXPORT)) {
            swapOn("swap0");
            fake.swaps("/dev/sda2 partition 1024 0 100");
            assertEquals(Optional.empty(), whyOff());
        }
    }

    @Test
    void norIsItShownOfTheNextAttachmentOfTheSameDevice() throws Exception {
        try (Daemon _ = fake.serve(EXPORT)) {
            swapOn("swap0");
            fake.file("/sys/block/nbd0/pid", "4712");
            Files.writeString(record(), "/dev/nbd0 4712\n");
            assertFalse(whyOff().orElseThrow().startsWith("swapon said"), whyOff()::toString);
        }
    }

    @Test
    void theReasonGoesWithTheSwapoff() throws Exception {
        try (Daemon _ = fake.serve(EXPORT)) {
            swapOn("swap0");
            Path reason = temp.resolve("run/swap0.slot-probe");
            assertEquals("/dev/nbd0 4711: no such function\n", Files.readString(reason));
            new SwapOff(fake.machine(), "swap0", new PrintWriter(out), false).run(false);
            assertFalse(Files.exists(reason));
        }
    }

    /** As of a runtime directory that is full. */
    @Test
    void aReasonThatCannotBeLeftKeepsNobodyFromSwappingOn() throws Exception {
        try (Daemon _ = fake.serve(EXPORT)) {
            Files.createDirectories(temp.resolve("run/.swap0.slot-probe.ramzswap/x"));
            swapOn("swap0");
        }
        assertTrue(out.toString().contains("ramzswap status will not know why dead pages stay: "), out::toString);
        assertEquals("swapon -p 100 --discard=pages /dev/nbd0", fake.ran.getLast());
    }

    @Test
    void whatTheKernelFreesIsNotAskedForIfNobodyWantsIt() throws Exception {
        probesSlots = false;
        try (Daemon _ = fake.serve(EXPORT)) {
            swapOn("swap0");
            assertEquals(Optional.of("swapon said: --no-slot-probe was given"), whyOff());
        }
        assertFalse(out.toString().contains("dead pages"), out::toString);
    }

    /** There is none of it here, as the daemon says that is to look at it. */
    @Test
    void whatTheDaemonCannotSeeIsGivenUp() throws Exception {
        fake.freeingFunction = "zswap_invalidate";
        try (Daemon _ = fake.serve(EXPORT)) {
            swapOn("swap0");
        }
        assertTrue(out.toString().contains("keeps dead pages"), out::toString);
        assertEquals(List.of(), fake.probed);
    }

    @Test
    void leavesWithTheKernelWhichStoreTheDeviceBelongsTo() throws Exception {
        try (Daemon daemon = fake.serve(EXPORT)) {
            swapOn("swap0");
            Backend backend = new Backend("swap0", daemon.identities().get("swap0"), 2, ProcessId.of((int)
                    ProcessHandle.current().pid()));
            assertEquals(backend.toString(), fake.files().read("/sys/block/nbd0/backend"));
        }
    }

    @Test
    void attachesByNbdClientIfAskedTo() throws Exception {
        isByNbdClient = true;
        try (Daemon _ = fake.serve(EXPORT)) {
            swapOn("swap0");
        }
        assertEquals(
                "nbd-client -unix " + temp.resolve("run/swap0.sock") + " /dev/nbd0 -b 4096 -C 2 -swap -N swap0",
                fake.ran.getFirst());
    }

    @Test
    void takesAFreeDevice() throws Exception {
        fake.file("/sys/block/nbd0/pid", "1");
        try (Daemon _ = fake.serve(EXPORT)) {
            swapOn("swap0");
        }
        assertEquals("connect nbd1 swap0 2 3 60", fake.ran.getFirst());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/dev/nbd0 | --device: /dev/nbd0 is attached to something: give another",
                "/dev/sda  | --device: there is no nbd device /dev/sda: give one such as /dev/nbd0",
            })
    void takesNoDeviceThatIsNotFree(String path, String message) throws Exception {
        fake.file("/sys/block/nbd0/pid", "1");
        device = Optional.of(path);
        try (Daemon _ = fake.serve(EXPORT)) {
            assertEquals(message, failure("swap0"));
        }
        assertEquals(List.of(), fake.ran);
    }

    @Test
    void passesOverADeviceThatSomebodyHasOpen() throws Exception {
        fake.busy.put(0, Integer.MAX_VALUE);
        try (Daemon _ = fake.serve(EXPORT)) {
            swapOn("swap0");
        }
        assertEquals(List.of("connect nbd0 swap0 2 3 60", "connect nbd1 swap0 2 3 60"), fake.ran.subList(0, 2));
        assertEquals("swapon -p 100 --discard=pages /dev/nbd1", fake.ran.getLast());
    }

    @Test
    void waitsForADeviceThatUdevLooksAt() throws Exception {
        fake.busy.put(0, 3);
        device = Optional.of("/dev/nbd0");
        try (Daemon _ = fake.serve(EXPORT)) {
            swapOn("swap0");
        }
        assertEquals("swapon -p 100 --discard=pages /dev/nbd0", fake.ran.getLast());
    }

    @Test
    void loadsTheModule() throws Exception {
        fake.remove("/sys/block");
        fake.file("/lib/modules/6.12.1-amd64/modules.dep", "kernel/drivers/block/nbd.ko.xz:");
        try (Daemon _ = fake.serve(EXPORT)) {
            swapOn("swap0");
        }
        assertEquals("modprobe nbd", fake.ran.getFirst());
        assertTrue(out.toString().startsWith("swap0: loaded nbd"), out.toString());
    }

    @Test
    void labelsAreNoLongerThanTheKernelHasRoomFor() throws Exception {
        try (Daemon _ = fake.serve("name=a-name-of-more-than-sixteen,size=16M")) {
            swapOn("a-name-of-more-than-sixteen");
        }
        assertEquals("mkswap -L a-name-of-more-t /dev/nbd0", fake.ran.get(1));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "mkswap -L        | No space           | disconnect nbd0",
                "swapon -p        | Operation not permitted | disconnect nbd0",
            })
    void aFailedStepTakesBackThoseBeforeIt(String program, String cause, String undone) throws Exception {
        fake.failures.put(program, cause);
        fake.file("/proc/sys/vm/page-cluster", "3");
        tune = true;
        try (Daemon _ = fake.serve(EXPORT)) {
            String message = failure("swap0");
            assertTrue(message.startsWith(program) && message.endsWith(" failed: " + cause), message);
        }
        assertEquals(undone, fake.ran.getLast());
        assertFalse(fake.files().exists("/sys/block/nbd0/pid"));
        assertFalse(hasRecord());
        assertEquals(3, fake.files().number("/proc/sys/vm/page-cluster"));
    }

    @Test
    void aDaemonThatIsNotGuardedIsRefusedUnlessToldOtherwise() throws Exception {
        try (Daemon _ = fake.serve(EXPORT)) {
            fake.onConnect = () -> fake.file("/proc/" + ProcessHandle.current().pid() + "/oom_score_adj", "0");
            assertEquals(
                    "the daemon is not guarded, and the machine may freeze as soon as memory is short:"
                            + " serve it with --swap, or swap on it all the same with --unsafe",
                    failure("swap0"));
            assertEquals("disconnect nbd0", fake.ran.getLast());
            isUnsafe = true;
            swapOn("swap0");
        }
        assertTrue(out.toString().contains("problem  daemon of swap0        oom_score_adj is 0: "), out.toString());
    }

    @Test
    void interruptedTooLateToStopSwaponItSwapsOff() throws Exception {
        fake.interrupted = "swapon";
        try (Daemon _ = fake.serve(EXPORT)) {
            assertThrows(InterruptedException.class, () -> swapOn("swap0"));
        }
        assertEquals(List.of("swapoff /dev/nbd0", "disconnect nbd0"), fake.ran.subList(3, 5));
        assertFalse(hasRecord());
    }

    @Test
    void interruptedWhileItProvesWhatTheKernelFreesItSwapsOff() throws Exception {
        fake.interrupted = "slot probe";
        try (Daemon _ = fake.serve(EXPORT)) {
            assertThrows(InterruptedException.class, () -> swapOn("swap0"));
        }
        assertEquals(List.of("swapoff /dev/nbd0", "disconnect nbd0"), fake.ran.subList(3, 5));
        assertFalse(hasRecord());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "true  | describe it in /etc/ramzswap/swap0.conf, and systemctl enable ramzswap-swap@swap0",
                "false | install the package (docs/operation.md, Package and units)",
            })
    void saysHowToHaveItAtEveryBoot(boolean isPackageThere, String means) throws Exception {
        if (isPackageThere) {
            fake.file("/usr/lib/systemd/system/ramzswap-swap@.service", "[Unit]");
        }
        swapOn("swap0", background("--size", "16M"));
        new SwapOff(fake.machine(), "swap0", new PrintWriter(new StringWriter()), false).run(false);
        assertTrue(
                out.toString()
                        .endsWith(
                                "swap0: swaps until the machine shuts down; to have it at every boot, " + means + "\n"),
                out.toString());
    }

    /** As when memory does not suffice, or the user interrupts that, too. */
    @Test
    void whatCannotBeSwappedOffStaysAttachedAndServedUntilSwapoff() throws Exception {
        fake.interrupted = "swapon";
        fake.failures.put("swapoff /dev/nbd0", "swapoff: /dev/nbd0: swapoff failed: Cannot allocate memory");
        fake.file("/proc/sys/vm/page-cluster", "3");
        tune = true;
        assertThrows(InterruptedException.class, () -> swapOn("swap0", background("--size", "16M")));
        assertEquals("swapoff /dev/nbd0", fake.ran.getLast());
        assertTrue(out.toString().endsWith(": Cannot allocate memory: ramzswap swapoff swap0\n"), out.toString());

        fake.failures.clear();
        fake.interrupted = null;
        new SwapOff(fake.machine(), "swap0", new PrintWriter(out), false).run(false);
        assertEquals(List.of("swapoff /dev/nbd0", "disconnect nbd0"), fake.ran.subList(4, 6));
        assertTrue(ExportStatus.find(fake.machine().host(), "swap0").isEmpty());
        assertFalse(hasRecord());
    }

    @Test
    void whatCannotBeDetachedStaysServedUntilSwapoff() throws Exception {
        fake.failures.put("mkswap -L", "no");
        fake.failures.put("disconnect", "not permitted");
        failure("swap0", background("--size", "16M"));
        assertTrue(
                out.toString().endsWith("could not be undone: not permitted: ramzswap swapoff swap0\n"),
                out.toString());
        assertTrue(ExportStatus.find(fake.machine().host(), "swap0").isPresent());

        fake.failures.clear();
        new SwapOff(fake.machine(), "swap0", new PrintWriter(out), false).run(false);
        assertTrue(ExportStatus.find(fake.machine().host(), "swap0").isEmpty());
        assertFalse(hasRecord());
    }

    /** It says so, and keeps the daemon, which the device needs. */
    @Test
    void whatWasAttachedInSpiteOfAnErrorAndCannotBeDetachedIsSaid() throws Exception {
        fake.losesAnswer = true;
        fake.failures.put("disconnect", "not permitted");
        assertTrue(failure("swap0", background("--size", "16M")).contains("ENOBUFS"));
        assertTrue(
                out.toString().endsWith("could not be undone: not permitted: ramzswap swapoff swap0\n"),
                out.toString());

        fake.failures.clear();
        fake.taken.forEach(KernelEnd::detach);
        new SwapOff(fake.machine(), "swap0", new PrintWriter(out), false).run(false);
        assertEquals("disconnect nbd0", fake.ran.getLast());
        assertTrue(ExportStatus.find(fake.machine().host(), "swap0").isEmpty());
    }

    /** Of a device that cannot be looked at, nobody can say that it is not attached. */
    @Test
    void whatWasAttachedInSpiteOfAnErrorIsDetachedThoughItCannotBeLookedAt() throws Exception {
        fake.losesAnswer = true;
        fake.onConnect = () -> {
            fake.remove("/sys/block/nbd0/backend");
            fake.file("/sys/block/nbd0/backend/directory", "cannot be read");
        };
        assertTrue(failure("swap0", background("--size", "16M")).contains("ENOBUFS"));
        assertTrue(out.toString().endsWith(": ramzswap swapoff swap0\n"), out.toString());
        assertTrue(hasRecord());

        fake.remove("/sys/block/nbd0/backend");
        fake.taken.forEach(KernelEnd::detach);
        new SwapOff(fake.machine(), "swap0", new PrintWriter(out), false).run(false);
        assertTrue(ExportStatus.find(fake.machine().host(), "swap0").isEmpty());
    }

    @Test
    void anAttachmentThatFailsLeavesNothing() throws Exception {
        fake.failures.put("connect", "Device or resource busy");
        try (Daemon _ = fake.serve(EXPORT)) {
            assertEquals("Device or resource busy", failure("swap0"));
        }
        assertEquals(List.of("connect nbd0 swap0 2 3 60"), fake.ran);
        assertFalse(hasRecord());
    }

    @Test
    void aModuleThatWasLoadedInVainIsUnloaded() throws Exception {
        fake.remove("/sys/block");
        fake.file("/lib/modules/6.12.1-amd64/modules.dep", "kernel/drivers/block/nbd.ko.xz:");
        fake.failures.put("mkswap -L", "no");
        try (Daemon _ = fake.serve(EXPORT)) {
            failure("swap0");
        }
        assertEquals(List.of("disconnect nbd0", "modprobe -r nbd"), fake.ran.subList(3, 5));
    }

    @Test
    void changesNoSettingUnlessAskedTo() throws Exception {
        fake.file("/proc/sys/vm/page-cluster", "3");
        fake.swaps("/dev/sda2 partition 2097148 0 200");
        try (Daemon _ = fake.serve(EXPORT)) {
            swapOn("swap0");
        }
        assertEquals(3, fake.files().number("/proc/sys/vm/page-cluster"));
        String said = out.toString();
        assertTrue(said.contains("warning  page-cluster"), said);
        assertTrue(said.contains("sysctl vm.page-cluster=0"), said);
        assertTrue(said.contains("--tune"), said);
        assertTrue(
                said.contains("warning  other swap             /dev/sda2, 2G, priority 200, is filled before"), said);
    }

    /** As every stock kernel has it. */
    @Test
    void whatDoctorCallsAProblemIsRefusedBeforeAnythingIsDoneUnlessToldOtherwise() throws Exception {
        fake.file("/proc/sys/vm/watermark_boost_factor", "15000");
        try (Daemon _ = fake.serve(EXPORT)) {
            String message = failure("swap0");
            assertTrue(message.startsWith("watermark_boost_factor is 15000, memory that is free but"), message);
            assertTrue(message.contains(": sysctl vm.watermark_boost_factor=0, or --tune, "), message);
            assertEquals(List.of(), fake.ran);
            assertFalse(Finding.isSafe(new Doctor(fake.machine()).examine(100)), "so does doctor");
            isUnsafe = true;
            swapOn("swap0");
        }
        assertEquals(15000, fake.files().number("/proc/sys/vm/watermark_boost_factor"));
    }

    @Test
    void tunesWhatIsNotAsItShouldBe() throws Exception {
        fake.file("/proc/sys/vm/page-cluster", "3");
        fake.file("/proc/sys/vm/min_free_kbytes", "11000");
        tune = true;
        try (Daemon _ = fake.serve(EXPORT)) {
            swapOn("swap0");
        }
        assertEquals(0, fake.files().number("/proc/sys/vm/page-cluster"));
        assertEquals(32768, fake.files().number("/proc/sys/vm/min_free_kbytes"));
        assertEquals(10, fake.files().number("/proc/sys/vm/watermark_scale_factor"));
        assertTrue(out.toString().contains("swap0: set vm.page-cluster from 3 to 0: "), out.toString());
        assertTrue(out.toString().contains("swap0: set vm.min_free_kbytes from 11000 to 32768: "), out.toString());
        assertFalse(out.toString().contains("watermark"), out.toString());
    }

    @Test
    void ofTwoAtOnceOneIsRefused() throws Exception {
        AtomicReference<String> refused = new AtomicReference<>();
        fake.onConnect = () -> {
            fake.onConnect = () -> {};
            refused.set(failure("swap0"));
        };
        try (Daemon _ = fake.serve(EXPORT)) {
            swapOn("swap0");
        }
        assertTrue(refused.get().contains("another swapon or swapoff of swap0 is under way"), refused::get);
        assertEquals(1, count("connect "));
        assertEquals(1, count("swapon "));
    }

    @Test
    void whatTheKernelHasIsNotMadeSwapAgainThoughItsRecordIsLost() throws Exception {
        try (Daemon _ = fake.serve(EXPORT, "name=other,size=16M")) {
            swapOn("swap0");
            Files.delete(temp.resolve("run/swap0.swap"));
            swapOn("swap0");
            swapOn("other");
        }
        assertEquals(2, count("mkswap "));
    }

    /** The daemon cannot be found: its runtime directory was removed, or is another one. */
    @Test
    void noDaemonIsStartedForADeviceThatTheKernelHas() throws Exception {
        fake.left(0, new Backend("swap0", 1, 1, new ProcessId(1, 1)), 16 << 20);
        String message = failure("swap0", background("--size", "16M"));
        assertEquals(
                "swap0 is in use by /dev/nbd0 already, and what two use as swap is lost to both:"
                        + " ramzswap swapoff swap0 first",
                message);
        assertFalse(Files.exists(temp.resolve("run/swap0.log")));
        assertEquals(List.of(), fake.ran);
    }

    /** As nbd-client does, which leaves no word with the kernel. */
    @Test
    void whatSomebodyElseIsConnectedToIsNotMadeSwap() throws Exception {
        ExportStatus export = background("--size", "16M").start();
        try {
            var socket = UnixDomainSocketAddress.of(export.entry().socket());
            try (LoopbackClient _ = new LoopbackClient(socket, "swap0")) {
                String message = failure("swap0");
                String own = "(pid " + ProcessHandle.current().pid() + ") already, ";
                assertTrue(message.contains(own), message);
            }
            swapOn("swap0");
        } finally {
            new LiveExport(export, new PrintWriter(out), false).stopByForce();
        }
        assertEquals(1, count("mkswap "));
    }

    private BackgroundDaemon background(String... options) {
        return TestDaemon.of(fake.machine().host(), "swap0", options);
    }

    @Test
    void startsTheDaemonTooAndSwapoffEndsIt() throws Exception {
        swapOn("swap0", background("--size", "16M"));
        ExportStatus export = ExportStatus.find(fake.machine().host(), "swap0").orElseThrow();
        assertTrue(
                out.toString()
                        .startsWith("swap0: started the daemon (pid "
                                + export.entry().pid() + "), which logs to " + temp.resolve("run/swap0.log") + "\n"),
                out.toString());
        assertTrue(
                failure("swap0", background("--size", "16M")).startsWith("swap0 is attached to /dev/nbd0 already: "));
        new SwapOff(fake.machine(), "swap0", new PrintWriter(out), false).run(false);
        assertFalse(export.entry().isAlive());
        assertFalse(hasRecord());
    }

    @Test
    void aDaemonThatWasStartedInVainIsEnded() throws Exception {
        fake.failures.put("mkswap -L", "no");
        failure("swap0", background("--size", "16M"));
        assertTrue(ExportStatus.find(fake.machine().host(), "swap0").isEmpty());
        assertTrue(Files.readString(temp.resolve("run/swap0.log")).contains("\nready\n"));
        assertTrue(out.toString().endsWith(" has ended\n"), out.toString());
    }

    @Test
    void saysWhyTheDaemonDidNotStart() {
        assertEquals(
                "the daemon did not start: --size: 5 is not a multiple of the page size 4096: use 4096 or a unit, as in 512M"
                        + " (see ramzswap serve --help)",
                failure("swap0", background("--size", "5")));
        assertEquals(List.of(), fake.ran);
    }

    @Test
    void doesNotStartASecondDaemon() throws Exception {
        try (Daemon _ = fake.serve(EXPORT)) {
            String message = failure("swap0", background("--size", "16M"));
            assertTrue(message.startsWith("swap0 is served already (pid "), message);
        }
    }

    @Test
    void saysWhatIsMissing() throws Exception {
        fake.missing.add("nbd-client");
        isByNbdClient = true;
        assertEquals("nbd-client: not installed: apt-get install nbd-client", failure("swap0"));
        fake.missing.clear();
        assertEquals(
                "no export 'swap0' is served: to start one, say how large, as in ramzswap swapon swap0 --size 4G",
                failure("swap0"));
        fake.uid = 1000;
        assertEquals("swapon needs root: sudo ramzswap swapon ...", failure("swap0"));
        assertEquals(List.of(), fake.ran);
    }

    /** As an earlier version left on a full /run. */
    @Test
    void aRecordThatIsNoneIsInNobodysWay() throws Exception {
        try (Daemon _ = fake.serve(EXPORT)) {
            Files.writeString(record(), "");
            swapOn("swap0");
            assertTrue(Files.readString(record()).startsWith("/dev/nbd"));
        }
    }

    /** Such as on a /run that is full. */
    @Test
    void aRecordThatCannotBeWrittenCostsNoneThatIsThere() throws Exception {
        Files.createDirectories(record().getParent());
        Path record = Files.writeString(record(), "/dev/nbd7 1\n");
        Path inItsWay = record.resolveSibling(".swap0.swap.ramzswap");
        Files.createDirectories(inItsWay.resolve("x"));
        var e = assertThrows(
                FileSystemException.class,
                () -> new SwapRecord("/dev/nbd7", "2", true)
                        .write(fake.machine().host(), "swap0"));
        assertEquals(inItsWay.toString(), e.getFile());
        assertEquals("/dev/nbd7 1\n", Files.readString(record));
    }
}
