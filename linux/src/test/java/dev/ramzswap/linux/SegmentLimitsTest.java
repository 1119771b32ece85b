package dev.ramzswap.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentLimitsTest {
    @TempDir
    Path sysctl;

    @Test
    void namesTheSettingItsValueAndWhatItMustBe() throws IOException {
        set("kernel/shmmax", "1048576");
        set("kernel/shmall", "256");
        set("kernel/shmmni", "4096");
        set("vm/overcommit_memory", "2");
        set("vm/overcommit_ratio", "50");
        assertEquals("; it is of one piece: set sysctl kernel.shmmax (1048576) to 2000000 or more", cure(Errno.EINVAL));
        assertTrue(cure(Errno.ENOSPC).contains("kernel.shmall (256 pages"), cure(Errno.ENOSPC));
        assertTrue(cure(Errno.ENOMEM).contains("vm.overcommit_memory (2) to 0"), cure(Errno.ENOMEM));
        set("vm/overcommit_memory", "0");
        assertEquals("", cure(Errno.ENOMEM));
    }

    /** Files of the kernel are read otherwise than others. */
    @Test
    void readsTheKernelsOwnFiles() {
        String cure = new SegmentLimits(Path.of("/proc/sys")).cure(Errno.EINVAL, 2_000_000);
        assertTrue(cure.matches(".*\\(\\d{2,}\\) to 2000000 or more"), cure);
    }

    private String cure(int errno) {
        return new SegmentLimits(sysctl).cure(errno, 2_000_000);
    }

    private void set(String name, String value) throws IOException {
        Path file = sysctl.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, value + "\n");
    }
}
