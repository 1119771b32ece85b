package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.daemon.Daemon;
import dev.ramzswap.linux.ProcessId;
import dev.ramzswap.nbd.client.LoopbackClient;
import dev.ramzswap.status.ExportStatus;
import dev.ramzswap.status.LiveExport;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.UnixDomainSocketAddress;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SwapOnTest extends SwapOnCase {
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
