package dev.ramzswap.attach;

import dev.ramzswap.config.Host;
import dev.ramzswap.linux.GenericNetlink;
import java.io.IOException;
import java.nio.file.Path;

/** A machine as this package sees and changes it. */
public record Machine(Host host, KernelFiles files, Tools tools, NbdDriver nbd) {
    /** The one that this runs on. */
    public static Machine of(Host host) {
        String path = host.variables().getOrDefault("PATH", "/usr/bin");
        return new Machine(
                host, new KernelFiles(Path.of("/")), new HostTools(path), new NbdNetlink(GenericNetlink::open));
    }

    /**
     * Detaches a device, by the way that it was attached. The kernel may be done only later.
     *
     * @throws IOException also if somebody swaps on it, or has it mounted
     */
    void detach(NbdDevice device) throws IOException, InterruptedException {
        device.requireUnused();
        if (device.backend().isPresent()) {
            nbd.disconnect(device.number());
        } else {
            tools.must(NbdClientAttacher.PROGRAM, "-d", device.path());
        }
    }

    void requireRoot(String command) throws IOException {
        if (!host.isRoot()) {
            throw new IOException(command + " needs root: sudo ramzswap " + command + " ...");
        }
    }
}
