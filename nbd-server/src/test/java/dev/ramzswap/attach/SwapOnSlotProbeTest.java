package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.daemon.Daemon;
import dev.ramzswap.status.ExportStatus;
import dev.ramzswap.status.KernelSlots;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whether the kernel is asked what it frees, and the reason that is left if it is not. */
class SwapOnSlotProbeTest extends SwapOnCase {
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
    void interruptedWhileItProvesWhatTheKernelFreesItSwapsOff() throws Exception {
        fake.interrupted = "slot probe";
        try (Daemon _ = fake.serve(EXPORT)) {
            assertThrows(InterruptedException.class, () -> swapOn("swap0"));
        }
        assertEquals(List.of("swapoff /dev/nbd0", "disconnect nbd0"), fake.ran.subList(3, 5));
        assertFalse(hasRecord());
    }
}
