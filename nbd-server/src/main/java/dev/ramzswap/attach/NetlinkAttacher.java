package dev.ramzswap.attach;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.linux.NativeSocket;
import dev.ramzswap.nbd.client.ClientHandshake;
import dev.ramzswap.nbd.client.ClientHandshake.Terms;
import dev.ramzswap.nbd.client.Goodbye;
import dev.ramzswap.status.ExportStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** By the kernel's own interface: the device outlives its connections, and waits for new ones. See {@link Reattach}. */
final class NetlinkAttacher implements Attacher {
    private static final Duration HANDSHAKE = Duration.ofSeconds(30);

    private final NbdDriver driver;
    private final int connections;
    private final Timeouts timeouts;

    NetlinkAttacher(NbdDriver driver, int connections, Timeouts timeouts) {
        this.driver = driver;
        this.connections = connections;
        this.timeouts = timeouts;
    }

    @Override
    public Optional<Finding> lack() {
        return Optional.empty();
    }

    @Override
    public void attach(ExportStatus export, NbdDevice device) throws IOException {
        int self = Math.toIntExact(ProcessHandle.current().pid());
        Backend backend = new Backend(export.name(), export.snapshot().identity(), connections, self);
        List<NativeSocket> sockets = new ArrayList<>();
        try {
            Terms terms = null;
            for (int i = 0; i < connections; i++) {
                NativeSocket socket =
                        NativeSocket.connect(Path.of(export.entry().socket()), HANDSHAKE);
                sockets.add(socket);
                terms = ClientHandshake.go(socket, export.name());
            }
            driver.connect(device.number(), terms, timeouts, backend, sockets);
        } catch (IOException e) {
            sayGoodbye(sockets, e);
            throw e;
        } finally {
            sockets.forEach(NativeSocket::close);
        }
    }

    /** Else the daemon would wait for whoever was lost there. */
    private static void sayGoodbye(List<NativeSocket> sockets, IOException failure) {
        for (NativeSocket socket : sockets) {
            Closing.after(failure, () -> Goodbye.say(socket));
        }
    }
}
