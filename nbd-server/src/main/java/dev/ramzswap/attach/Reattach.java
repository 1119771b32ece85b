package dev.ramzswap.attach;

import dev.ramzswap.linux.NativeSocket;
import dev.ramzswap.nbd.client.ClientHandshake;
import dev.ramzswap.nbd.client.ClientHandshake.Terms;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Gives devices new connections in place of dead ones: all, when their daemon died and another has taken over its
 * stores; one, when the kernel has cut it because the daemon did not answer in time. The kernel keeps such a device,
 * and the requests that were not answered, until its time to reconnect is over; it knows which store it belongs to
 * ({@link Backend}). For each dead connection, this makes one to the daemon's own socket, like any client, and hands it
 * to the kernel, which then sends again what was not answered.
 *
 * <p>It runs in the daemon itself, as soon as that listens: no other process, and no file that could be swapped out,
 * stands between the kernel and its pages. For one thread.
 */
final class Reattach {
    private static final System.Logger LOG = System.getLogger(Reattach.class.getName());
    private static final Duration HANDSHAKE = Duration.ofSeconds(5);
    private static final int LOOK_MILLIS = 10;

    private final KernelFiles files;
    private final NbdDriver driver;
    private final Map<String, Long> identities;
    private final Path socket;
    private final Duration patience;

    /**
     * @param identities of the stores, by the names of their exports
     * @param socket where these are served
     * @param patience how long the kernel may take to notice that a connection is dead
     */
    Reattach(Machine machine, Map<String, Long> identities, Path socket, Duration patience) {
        this.files = machine.files();
        this.driver = machine.nbd();
        this.identities = Map.copyOf(identities);
        this.socket = socket;
        this.patience = patience;
    }

    /** Replaces every connection of every device that belongs to one of the stores. */
    void all() throws InterruptedException {
        for (String export : identities.keySet()) {
            replace(export, Integer.MAX_VALUE);
        }
    }

    /** Replaces one connection of the device that belongs to this export, if it has a dead one. */
    void one(String export) throws InterruptedException {
        replace(export, 1);
    }

    /** Goes the whole way once without an effect: afterwards it loads no class. */
    void rehearse() {
        Backend backend = new Backend("", 0, 0);
        try (NativeSocket connection = NativeSocket.connect(socket, HANDSHAKE)) {
            NbdDevice.all(files);
            driver.rehearse(Backend.parse(backend.toString()).orElse(backend), connection);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "connections of the kernel that break cannot be replaced: " + e.getMessage());
        }
    }

    /** What fails is left as it is, and the log says so. */
    private void replace(String export, int most) throws InterruptedException {
        try {
            for (NbdDevice device : NbdDevice.all(files)) {
                Optional<Backend> backend = device.backend();
                if (backend.isPresent()
                        && backend.get().export().equals(export)
                        && backend.get().identity() == identities.get(export)) {
                    replace(device, backend.get(), Math.min(most, backend.get().connections()));
                }
            }
        } catch (IOException e) {
            LOG.log(Level.ERROR, export + " is not reattached: " + e.getMessage());
        }
    }

    private void replace(NbdDevice device, Backend backend, int wanted) throws IOException, InterruptedException {
        int made = 0;
        while (made < wanted && reconnect(device, backend)) {
            made++;
        }
        LOG.log(
                made == wanted ? Level.INFO : Level.WARNING,
                device.path() + " is reattached to " + backend.export() + ", connections: " + made + " of " + wanted);
    }

    /** False if the kernel has no dead connection to replace. */
    private boolean reconnect(NbdDevice device, Backend backend) throws IOException, InterruptedException {
        try (NativeSocket connection = NativeSocket.connect(socket, HANDSHAKE)) {
            Terms terms = ClientHandshake.go(connection, backend.export());
            if (terms.size() != device.bytes()) {
                throw new IOException(
                        device.path() + " has " + device.bytes() + " bytes, and the export " + terms.size());
            }
            long deadline = System.nanoTime() + patience.toNanos();
            while (!driver.reconnect(device.number(), backend, connection)) {
                if (System.nanoTime() > deadline) {
                    return false;
                }
                Thread.sleep(LOOK_MILLIS);
            }
            return true;
        }
    }
}
