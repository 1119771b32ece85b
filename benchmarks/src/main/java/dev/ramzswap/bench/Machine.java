package dev.ramzswap.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What a reader must know of the machine and the programs to compare results. */
final class Machine {
    private Machine() {}

    static String describe() throws IOException {
        return Runtime.getRuntime().availableProcessors() + " CPUs, "
                + field(Path.of("/proc/cpuinfo"), "model name") + ", "
                + field(Path.of("/proc/meminfo"), "MemTotal") + ", Linux " + System.getProperty("os.version")
                + ", load generator on Java " + Runtime.version();
    }

    private static String field(Path file, String name) throws IOException {
        try (var lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(name))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(name + " unknown");
        }
    }

    /**
     * The first line that a program prints.
     *
     * @throws IOException if it cannot be started, or fails
     */
    static String firstLine(List<String> command) throws IOException, InterruptedException {
        String output = output(command);
        int end = output.indexOf('\n');
        return end < 0 ? output : output.substring(0, end);
    }

    /** All that a program prints. */
    static String output(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + " failed: " + output);
        }
        return output;
    }
}
