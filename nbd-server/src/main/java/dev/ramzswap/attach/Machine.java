package dev.ramzswap.attach;

import dev.ramzswap.daemon.Host;
import java.io.IOException;
import java.nio.file.Path;

/** A machine as this package sees and changes it. */
public record Machine(Host host, KernelFiles files, Tools tools) {
    /** The one that this runs on. */
    public static Machine of(Host host) {
        String path = host.variables().getOrDefault("PATH", "/usr/bin");
        return new Machine(host, new KernelFiles(Path.of("/")), new HostTools(path));
    }

    void requireRoot(String command) throws IOException {
        if (!host.isRoot()) {
            throw new IOException(command + " needs root: sudo ramzswap " + command + " ...");
        }
    }
}
