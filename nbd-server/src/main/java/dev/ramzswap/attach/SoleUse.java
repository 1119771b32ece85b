package dev.ramzswap.attach;

import dev.ramzswap.status.ExportStatus;
import dev.ramzswap.status.LiveExport;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/**
 * That nobody uses an export yet: two devices with the same pages would be the loss of both. The kernel is asked, since
 * a record can be missing, and what a daemon has left of itself as well; and the daemon, as who attached it by
 * nbd-client has left no word with the kernel.
 */
final class SoleUse {
    /** Whoever has just left is gone by then. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final int LOOK_MILLIS = 20;

    /** Names who uses it now, if anybody does. */
    private interface Look {
        Optional<String> user() throws IOException, InterruptedException;
    }

    private final Machine machine;
    private final String export;

    SoleUse(Machine machine, String export) {
        this.machine = machine;
        this.export = export;
    }

    /**
     * Before a daemon is started: one that is not found may still serve the device.
     *
     * @throws IOException also if the kernel has a device of that name, whatever its pages are
     */
    void requireNoDevice() throws IOException, InterruptedException {
        awaitNone(this::device, "ramzswap swapoff " + export + " first");
    }

    /** @throws IOException also if somebody stays */
    void requireNoClient(ExportStatus running) throws IOException, InterruptedException {
        awaitNone(
                () -> Optional.of(LiveExport.clients(running)).filter(clients -> !clients.isEmpty()),
                "end that use first");
    }

    private void awaitNone(Look look, String cure) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        Optional<String> user = look.user();
        while (user.isPresent()) {
            if (System.nanoTime() > deadline) {
                throw new IOException(export + " is in use by " + user.get()
                        + " already, and what two use as swap is lost to both: " + cure);
            }
            Thread.sleep(LOOK_MILLIS);
            user = look.user();
        }
    }

    private Optional<String> device() throws IOException {
        return NbdDevice.first(machine.files(), backend -> backend.export().equals(export))
                .map(NbdDevice::path);
    }
}
