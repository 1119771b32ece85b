package dev.ramzswap.attach;

import java.io.IOException;

/** A file by which the kernel knows one block device for sure. */
interface DeviceNode extends AutoCloseable {
    String path();

    /**
     * Whether the kernel itself has the device: swaps on it, by whatever path, has it mounted in whatever namespace, or
     * has another device upon it.
     */
    boolean isInUse() throws IOException;

    @Override
    void close() throws IOException;

    /** Where they come from. */
    interface Source {
        /** @throws IOException with a message for the user, if there is none */
        DeviceNode of(NbdDevice device) throws IOException, InterruptedException;
    }
}
