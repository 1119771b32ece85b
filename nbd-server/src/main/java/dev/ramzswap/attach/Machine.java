package dev.ramzswap.attach;

import dev.ramzswap.config.Host;
import dev.ramzswap.frees.KernelProbe;
import dev.ramzswap.frees.SlotProbe;
import dev.ramzswap.linux.GenericNetlink;
import java.io.IOException;
import java.nio.file.Path;

/** A machine as this package sees and changes it. */
public record Machine(
        Host host, KernelFiles files, Tools tools, NbdDriver nbd, DeviceNode.Source nodes, SlotProbe slots) {
    /** The one that this runs on. */
    public static Machine of(Host host) {
        String path = host.variables().getOrDefault("PATH", "/usr/bin");
        var tools = new HostTools(path);
        return new Machine(
                host,
                new KernelFiles(Path.of("/")),
                tools,
                new NbdNetlink(GenericNetlink::open),
                device -> KernelNode.of(Path.of(device.path()), device.numbers(), tools),
                new KernelProbe());
    }

    /**
     * Detaches a device, by the way that it was attached. The kernel may be done only later.
     *
     * @throws IOException also if somebody swaps on it, or has it mounted
     */
    void detach(NbdDevice device) throws IOException, InterruptedException {
        try (DeviceNode node = nodes.of(device)) {
            device.requireUnused(node);
        }
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
