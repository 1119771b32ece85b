package dev.ramzswap.attach;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Something that the kernel swaps on, a line of {@code /proc/swaps}.
 *
 * @param device a device or a file, by its path as who reads it sees that: what a chroot below {@code /mnt} swaps on is
 *     {@code /mnt/dev/nbd0} outside
 * @param size bytes
 * @param used bytes
 */
record SwapArea(String device, long size, long used, int priority) {
    private static final int PAGE_BYTES = 4096;
    private static final String FILE = "/proc/swaps";

    /**
     * Behind the path of a file that was removed (d_path in the kernel's fs/d_path.c, its space as seq_file escapes
     * it).
     */
    private static final String NODE_IS_GONE = "\\040(deleted)";

    /** All of them; pages go to those of the highest priority first. */
    static List<SwapArea> all(KernelFiles files) throws IOException {
        return files.find(FILE).orElse("").lines().skip(1).map(SwapArea::parse).toList();
    }

    /** @param device {@code /dev/NAME} */
    static Optional<SwapArea> at(KernelFiles files, String device) throws IOException {
        return all(files).stream().filter(area -> area.isOn(device)).findFirst();
    }

    /** @param path {@code /dev/NAME} */
    boolean isOn(String path) {
        return device.endsWith(path);
    }

    boolean isOnNbd() {
        return device.matches(".*/dev/nbd[^/]*");
    }

    boolean isOnZram() {
        return device.matches(".*/dev/zram[^/]*");
    }

    long usedPages() {
        return used / PAGE_BYTES;
    }

    private static SwapArea parse(String line) {
        String[] words = line.split("\\s+");
        return new SwapArea(
                words[0].replace(NODE_IS_GONE, ""),
                Long.parseLong(words[2]) * 1024,
                Long.parseLong(words[3]) * 1024,
                Integer.parseInt(words[4]));
    }
}
