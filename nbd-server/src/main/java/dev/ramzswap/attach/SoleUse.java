package dev.ramzswap.attach;

import dev.ramzswap.status.ExportStatus;
import dev.ramzswap.status.LiveExport;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/**
 * That nobody uses an export yet: two devices with the same pages would be the loss of both. The kernel is asked, since
 * a record can be missing, and the daemon, as who attached it by nbd-client has left no word with the kernel.
 */
final class SoleUse {
    /** Whoever has just left is gone by then. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final int LOOK_MILLIS = 20;

    private final Machine machine;
    private final ExportStatus export;

    SoleUse(Machine machine, ExportStatus export) {
        this.machine = machine;
        this.export = export;
    }

    /** @throws IOException also if somebody stays */
    void require() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        Optional<String> user = user();
        while (user.isPresent()) {
            if (System.nanoTime() > deadline) {
                throw new IOException(export.name() + " is in use by " + user.get()
                        + " already, and what two use as swap is lost to both: end that use first");
            }
            Thread.sleep(LOOK_MILLIS);
            user = user();
        }
    }

    private Optional<String> user() throws IOException {
        long identity = export.snapshot().identity();
        Optional<NbdDevice> device = NbdDevice.first(machine.files(), backend -> backend.isOf(export.name(), identity));
        if (device.isPresent()) {
            return device.map(NbdDevice::path);
        }
        return Optional.of(LiveExport.clients(export)).filter(clients -> !clients.isEmpty());
    }
}
