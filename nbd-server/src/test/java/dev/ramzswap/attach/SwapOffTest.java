package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SwapOffTest extends SwapOffCase {
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
    void refusesWhatSwaponHasNotAttached() throws Exception {
        swapOff(false, false);
        assertTrue(failure().startsWith("ramzswap swapon has not attached 'swap0'"));
        fake.uid = 1000;
        assertEquals("swapoff needs root: sudo ramzswap swapoff ...", failure());
    }
}
