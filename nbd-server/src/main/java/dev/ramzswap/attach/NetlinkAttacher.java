package dev.ramzswap.attach;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.linux.NativeSocket;
import dev.ramzswap.linux.ProcessId;
import dev.ramzswap.nbd.client.ClientHandshake;
import dev.ramzswap.nbd.client.ClientHandshake.Terms;
import dev.ramzswap.nbd.client.Goodbye;
import dev.ramzswap.status.ExportEntry;
import dev.ramzswap.status.ExportStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** By the kernel's own interface: the device outlives its connections, and waits for new ones. See {@link Reattach}. */
final class NetlinkAttacher implements Attacher {
    private static final Duration HANDSHAKE = Duration.ofSeconds(30);

    /** RAM answers at once. What a daemon that died was asked for waits as long: see docs/decisions/netlink.md. */
    private static final Duration RAM_REQUEST = Duration.ofSeconds(3);

    /** A disk may have to spin up first, which takes 10 s. */
    private static final Duration DISK_REQUEST = Duration.ofSeconds(15);

    private final NbdDriver driver;
    private final int connections;
    private final Optional<Duration> request;
    private final Duration reconnect;

    /**
     * @param request how long the kernel waits for a reply; by default what the export's storage needs; whole seconds
     * @param reconnect how long it waits for a new connection when the last one is gone; whole seconds
     */
    NetlinkAttacher(NbdDriver driver, int connections, Optional<Duration> request, Duration reconnect) {
        this.driver = driver;
        this.connections = connections;
        this.request = request;
        this.reconnect = reconnect;
    }

    @Override
    public Optional<Finding> lack() {
        return Optional.empty();
    }

    @Override
    public void attach(ExportStatus export, NbdDevice device) throws IOException {
        Backend backend = new Backend(export.name(), export.snapshot().identity(), connections, self());
        List<NativeSocket> sockets = new ArrayList<>();
        try {
            Terms terms = null;
            for (int i = 0; i < connections; i++) {
                NativeSocket socket =
                        NativeSocket.connect(Path.of(export.entry().socket()), HANDSHAKE);
                sockets.add(socket);
                terms = ClientHandshake.go(socket, export.name());
            }
            driver.connect(device.number(), terms, timeouts(export.entry()), backend, sockets);
        } catch (IOException e) {
            Closing.after(e, () -> takeLeave(device, backend, sockets));
            throw e;
        } finally {
            sockets.forEach(NativeSocket::close);
        }
    }

    /**
     * The kernel may have attached the device and had no memory to say so: then the sockets are its own, and what is
     * said by them stands in the middle of a request. It is for the caller to detach it.
     */
    private void takeLeave(NbdDevice device, Backend backend, List<NativeSocket> sockets) throws IOException {
        if (device.backend().filter(backend::equals).isEmpty()) {
            // Else the daemon would wait for whoever was lost there. All of them are heard before another device is
            // tried: later, it would be that one's good-bye.
            Goodbye.say(sockets, HANDSHAKE);
        }
    }

    /** As the daemon sees it, which was found by /proc too: this process may be in another pid namespace. */
    private static ProcessId self() throws IOException {
        return ProcessId.of(
                Integer.parseInt(Files.readSymbolicLink(Path.of("/proc/self")).toString()));
    }

    private Timeouts timeouts(ExportEntry entry) {
        return new Timeouts(request.orElse(entry.backing().isEmpty() ? RAM_REQUEST : DISK_REQUEST), reconnect);
    }
}
