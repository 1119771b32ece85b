package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.daemon.Daemon;
import dev.ramzswap.linux.KernelEnd;
import dev.ramzswap.status.ExportStatus;
import java.io.PrintWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a swapon that fails, or is interrupted, takes back and leaves. */
class SwapOnFailureTest extends SwapOnCase {
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
    void interruptedTooLateToStopSwaponItSwapsOff() throws Exception {
        fake.interrupted = "swapon";
        try (Daemon _ = fake.serve(EXPORT)) {
            assertThrows(InterruptedException.class, () -> swapOn("swap0"));
        }
        assertEquals(List.of("swapoff /dev/nbd0", "disconnect nbd0"), fake.ran.subList(3, 5));
        assertFalse(hasRecord());
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
}
