package dev.ramzswap.attach;

import dev.ramzswap.status.ExportStatus;
import java.io.IOException;
import java.util.Optional;

/** How a device gets its connections to an export. It loses them by {@link Machine#detach}. */
interface Attacher {
    /** What it needs and this machine lacks. */
    Optional<Finding> lack();

    /**
     * Attaches a free device. The kernel may know its size only later.
     *
     * @param export one that is served on a Unix socket
     * @throws IOException if it is not attached, or is ({@link NbdDevice#backend}), and the kernel could not say so
     */
    void attach(ExportStatus export, NbdDevice device) throws IOException, InterruptedException;
}
