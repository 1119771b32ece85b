package dev.ramzswap.attach;

import dev.ramzswap.linux.NativeSocket;
import dev.ramzswap.nbd.ClientHandshake;
import dev.ramzswap.nbd.ClientHandshake.Terms;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Gives devices whose daemon died the connections of the one that follows. The kernel keeps such a device, and the
 * requests that were not answered, until its time to reconnect is over; it knows which export it belongs to
 * ({@link Backend}). For each dead connection, this makes one to the daemon's own socket, like any client, and hands it
 * to the kernel, which then sends again what was not answered.
 *
 * <p>It runs in the daemon itself, as soon as that listens: no other process, and no file that could be swapped out,
 * stands between the kernel and its pages.
 */
public final class Reattach {
    private static final System.Logger LOG = System.getLogger(Reattach.class.getName());
    private static final Duration HANDSHAKE = Duration.ofSeconds(5);

    /** How long the kernel may take to notice that the old connections are dead; by far less than a second is usual. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final int LOOK_MILLIS = 10;

    private final KernelFiles files;
    private final NbdDriver driver;
    private final Duration patience;

    public Reattach(Machine machine) {
        this(machine, PATIENCE);
    }

    Reattach(Machine machine, Duration patience) {
        this.files = machine.files();
        this.driver = machine.nbd();
        this.patience = patience;
    }

    /**
     * Reattaches every device that belongs to one of these stores. A device for which that fails is left as it is, and
     * the log says so.
     *
     * @param identities of the stores, by the names of their exports
     * @param socket where these are served
     * @return how many connections were made
     */
    public int run(Map<String, Long> identities, Path socket) throws InterruptedException {
        int made = 0;
        try {
            for (NbdDevice device : NbdDevice.all(files)) {
                Optional<Backend> backend = device.backend();
                if (backend.isPresent() && isOf(backend.get(), identities)) {
                    made += run(device, backend.get(), socket);
                }
            }
        } catch (IOException e) {
            LOG.log(Level.ERROR, "no device can be reattached: " + e.getMessage());
        }
        return made;
    }

    private static boolean isOf(Backend backend, Map<String, Long> identities) {
        Long own = identities.get(backend.export());
        return own != null && own == backend.identity();
    }

    private int run(NbdDevice device, Backend backend, Path socket) throws InterruptedException {
        int made = 0;
        try {
            while (made < backend.connections() && reconnect(device, backend, socket)) {
                made++;
            }
        } catch (IOException e) {
            LOG.log(Level.ERROR, device.path() + " is not reattached: " + e.getMessage());
        }
        boolean isWhole = made == backend.connections();
        LOG.log(
                isWhole ? Level.INFO : Level.WARNING,
                device.path() + " is reattached to " + backend.export() + " by " + made + " of " + backend.connections()
                        + " connections");
        return made;
    }

    /** False if the kernel has no dead connection to replace. */
    private boolean reconnect(NbdDevice device, Backend backend, Path path) throws IOException, InterruptedException {
        try (NativeSocket socket = NativeSocket.connect(path, HANDSHAKE)) {
            Terms terms = ClientHandshake.go(socket, backend.export());
            if (terms.size() != device.bytes()) {
                throw new IOException(
                        "it has " + device.bytes() + " bytes, and the export " + terms.size() + " by now");
            }
            long deadline = System.nanoTime() + patience.toNanos();
            while (!driver.reconnect(device.number(), backend, socket)) {
                if (System.nanoTime() > deadline) {
                    return false;
                }
                Thread.sleep(LOOK_MILLIS);
            }
            return true;
        }
    }
}
