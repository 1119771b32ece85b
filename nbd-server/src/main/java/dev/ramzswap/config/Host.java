package dev.ramzswap.config;

import dev.ramzswap.linux.Self;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What the daemon asks of the machine and the user that it runs for.
 *
 * @param memory bytes of RAM that this process may have at most
 * @param cgroup what keeps it from having all of the machine's
 * @param uid the user's number; 0 is root
 * @param variables the environment
 */
public record Host(long memory, Optional<CgroupLimit> cgroup, int uid, Map<String, String> variables) {

    /** Of which all memory is for everybody. */
    public Host(long memory, int uid, Map<String, String> variables) {
        this(memory, Optional.empty(), uid, variables);
    }

    public static Host current() throws IOException {
        return of(memTotal(), CgroupLimit.of(Path.of("/"), "self"), Self.uid(), System.getenv());
    }

    /** @param total bytes of RAM that the machine has */
    static Host of(long total, Optional<CgroupLimit> cgroup, int uid, Map<String, String> variables) {
        Optional<CgroupLimit> lesser = cgroup.filter(limit -> limit.bytes() < total);
        return new Host(lesser.map(CgroupLimit::bytes).orElse(total), lesser, uid, variables);
    }

    /** The same without what keeps this process from memory: for what concerns another one, as a service's. */
    public Host ofMachine() throws IOException {
        return cgroup.isEmpty() ? this : new Host(memTotal(), uid, variables);
    }

    public boolean isRoot() {
        return uid == 0;
    }

    /** The memory and whose word it is, for people: {@code 8G of memory that this machine has}. */
    public String memoryText() {
        return Size.format(memory) + " of memory that "
                + cgroup.map(limit -> limit.file() + " allows").orElse("this machine has");
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
