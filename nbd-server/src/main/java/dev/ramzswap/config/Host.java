package dev.ramzswap.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * What the daemon asks of the machine and the user that it runs for.
 *
 * @param memory bytes of RAM
 * @param uid the user's number; 0 is root
 * @param variables the environment
 */
public record Host(long memory, int uid, Map<String, String> variables) {
    public static Host current() throws IOException {
        int uid = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        return new Host(memTotal(), uid, System.getenv());
    }

    public boolean isRoot() {
        return uid == 0;
    }

    private static long memTotal() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
            if (line.startsWith("MemTotal:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
            }
        }
        throw new IOException("/proc/meminfo has no MemTotal");
    }
}
