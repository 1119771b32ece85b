package dev.ramzswap.attach;

import dev.ramzswap.attach.Finding.Level;
import java.io.IOException;
import java.util.List;

/**
 * A setting of the kernel's memory management below {@code /proc/sys/vm}, and what it should be under swap that a
 * process of this machine serves.
 *
 * @param level how bad it is as it is
 * @param why what follows from a value that is not the wanted one
 */
record VmSetting(String name, long value, long wanted, Level level, String why) {
    private static final String DIRECTORY = "/proc/sys/vm/";
    private static final long MIB = 1 << 20;
    private static final long LEAST_RESERVE = 16 * MIB;
    private static final long MOST_RESERVE = 32 * MIB;
    /** watermark_scale_factor counts in ten-thousandths of the memory. */
    private static final long SCALE = 10_000;

    private static final long LEAST_SCALE = 10;
    private static final long MOST_SCALE = 300;

    /** All that matter, on a machine with this many bytes of memory. */
    static List<VmSetting> all(KernelFiles files, long memory) throws IOException {
        return List.of(
                pageCluster(files), minFree(files, memory), watermarkBoost(files), watermarkScale(files, memory));
    }

    private static VmSetting pageCluster(KernelFiles files) throws IOException {
        String name = "page-cluster";
        long value = files.number(DIRECTORY + name);
        return new VmSetting(
                name,
                value,
                0,
                value == 0 ? Level.OK : Level.WARNING,
                "each page fault reads up to " + (1L << Math.min(value, 30))
                        + " pages, which costs more than it brings without a disk's seeks");
    }

    /** Below 16 MiB, machines were seen to freeze: what network and block layer take for swap-out comes from here. */
    private static VmSetting minFree(KernelFiles files, long memory) throws IOException {
        String name = "min_free_kbytes";
        long value = files.number(DIRECTORY + name);
        long wanted = Math.clamp(memory / 16, LEAST_RESERVE, MOST_RESERVE) / 1024;
        Level poor = value * 1024 < LEAST_RESERVE ? Level.PROBLEM : Level.WARNING;
        return new VmSetting(
                name,
                value,
                wanted,
                value >= wanted ? Level.OK : poor,
                "the reserve by which pages get out when memory is gone is small; without it the machine may freeze");
    }

    /**
     * A fragmented block raises all watermarks, by up to 1.5 times the highest, until kswapd has run. When kswapd waits
     * for the daemon, and the daemon for a page, that is never: with 100 MiB free, a guest was seen to freeze.
     */
    private static VmSetting watermarkBoost(KernelFiles files) throws IOException {
        String name = "watermark_boost_factor";
        long value = files.number(DIRECTORY + name);
        return new VmSetting(
                name,
                value,
                0,
                value == 0 ? Level.OK : Level.PROBLEM,
                "memory that is free but fragmented may be held back from the daemon, and the machine freeze");
    }

    /** Reclaim should begin 16 MiB before memory is gone: that is how far the daemon keeps its pool ahead. */
    private static VmSetting watermarkScale(KernelFiles files, long memory) throws IOException {
        String name = "watermark_scale_factor";
        long value = files.number(DIRECTORY + name);
        long wanted = Math.clamp((LEAST_RESERVE * SCALE + memory - 1) / memory, LEAST_SCALE, MOST_SCALE);
        return new VmSetting(
                name,
                value,
                wanted,
                value >= wanted ? Level.OK : Level.WARNING,
                "the kernel begins to swap so late that programs wait for it");
    }

    boolean isWanted() {
        return level == Level.OK;
    }

    void set(KernelFiles files, long number) throws IOException {
        files.write(DIRECTORY + name, number);
    }

    Finding finding() {
        if (isWanted()) {
            return Finding.ok(name, Long.toString(value));
        }
        return new Finding(level, name, value + ", " + why, "sysctl vm." + name + "=" + wanted);
    }
}
