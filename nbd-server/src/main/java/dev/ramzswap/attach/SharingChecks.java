package dev.ramzswap.attach;

import dev.ramzswap.config.Size;
import java.io.IOException;
import java.math.BigInteger;
import java.util.List;

/** Whether the machine lets a daemon have as much memory that outlives it as there is. */
final class SharingChecks {
    private static final String OVERCOMMIT = "/proc/sys/vm/overcommit_memory";
    private static final String LARGEST = "/proc/sys/kernel/shmmax";
    private static final String ALL = "/proc/sys/kernel/shmall";
    private static final String STRICT = "2";
    private static final String SUBJECT = "shared memory";
    private static final String USE =
            ", and a pool on ramfs is such memory, of one piece (the package's before Linux 6.4)";
    private static final BigInteger PAGE_BYTES = BigInteger.valueOf(4096);

    private final KernelFiles files;

    SharingChecks(KernelFiles files) {
        this.files = files;
    }

    List<Finding> findings() throws IOException {
        return List.of(overcommit(), segments());
    }

    private Finding overcommit() throws IOException {
        String mode = files.read(OVERCOMMIT);
        return mode.equals(STRICT)
                ? Finding.warning(
                        "overcommit_memory",
                        mode + ", what programs ask for counts: at CommitLimit (/proc/meminfo) the pool gets no more,"
                                + " however much memory is free",
                        "sysctl vm.overcommit_memory=0")
                : Finding.ok("overcommit_memory", mode);
    }

    /** The kernel's own values are nearly 2^64. */
    private Finding segments() throws IOException {
        if (!files.exists(LARGEST)) {
            return Finding.warning(SUBJECT, "this kernel has none" + USE, "keep the state on tmpfs");
        }
        BigInteger memory = BigInteger.valueOf(files.bytes("/proc/meminfo", "MemTotal"));
        BigInteger largest = new BigInteger(files.read(LARGEST));
        BigInteger pages = new BigInteger(files.read(ALL));
        if (largest.compareTo(memory) < 0) {
            return Finding.warning(
                    SUBJECT,
                    "kernel.shmmax is " + Size.format(largest.longValueExact()) + USE,
                    "sysctl kernel.shmmax=" + memory);
        }
        if (pages.multiply(PAGE_BYTES).compareTo(memory) < 0) {
            String size = Size.format(pages.multiply(PAGE_BYTES).longValueExact());
            return Finding.warning(
                    SUBJECT,
                    "kernel.shmall is " + pages + " pages, " + size + USE,
                    "sysctl kernel.shmall=" + memory.divide(PAGE_BYTES));
        }
        return Finding.ok(SUBJECT, "as much as there is memory");
    }
}
