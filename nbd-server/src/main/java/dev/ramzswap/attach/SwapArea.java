package dev.ramzswap.attach;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Something that the kernel swaps on, a line of {@code /proc/swaps}.
 *
 * @param device a device or a file
 * @param size bytes
 * @param used bytes
 */
record SwapArea(String device, long size, long used, int priority) {
    private static final String FILE = "/proc/swaps";

    /** All of them; pages go to those of the highest priority first. */
    static List<SwapArea> all(KernelFiles files) throws IOException {
        return files.find(FILE).orElse("").lines().skip(1).map(SwapArea::parse).toList();
    }

    static Optional<SwapArea> at(KernelFiles files, String device) throws IOException {
        return all(files).stream().filter(area -> area.device.equals(device)).findFirst();
    }

    private static SwapArea parse(String line) {
        String[] words = line.split("\\s+");
        return new SwapArea(
                words[0], Long.parseLong(words[2]) * 1024, Long.parseLong(words[3]) * 1024, Integer.parseInt(words[4]));
    }
}
