package dev.ramzswap.linux;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Why the kernel makes no {@link SharedSegment} (shmget(2), ipc/shm.c, newseg).
 *
 * @param sysctl {@code /proc/sys}, or a made-up tree
 */
record SegmentLimits(Path sysctl) {
    private static final String STRICT = "2";

    /** What to tell the user beside the error: the setting that is the cause, its value, and what it must be. */
    String cure(int errno, long bytes) {
        return switch (errno) {
            case Errno.EINVAL ->
                "; it is of one piece: set sysctl kernel.shmmax (" + value("kernel/shmmax") + ") to " + bytes
                        + " or more";
            case Errno.ENOSPC ->
                "; set sysctl kernel.shmall (" + value("kernel/shmall")
                        + " pages for all such memory of the machine) or" + " kernel.shmmni (" + value("kernel/shmmni")
                        + " pieces) higher";
            case Errno.ENOMEM -> overcommit();
            default -> "";
        };
    }

    /** In this mode the kernel counts all of it at once: SHM_NORESERVE is not heeded. */
    private String overcommit() {
        return value("vm/overcommit_memory").equals(STRICT)
                ? "; all of it counts as used, whether it is or not: set sysctl vm.overcommit_memory (2) to 0, or"
                        + " vm.overcommit_ratio (" + value("vm/overcommit_ratio") + ") higher"
                : "";
    }

    /** Read at once: Files.readString begins with one byte, and such a file gives nothing to a second read. */
    private String value(String name) {
        try (var file = new FileInputStream(sysctl.resolve(name).toFile())) {
            return new String(file.readAllBytes(), StandardCharsets.US_ASCII).strip();
        } catch (IOException e) {
            return "unknown";
        }
    }
}
