package dev.ramzswap.frees;

import java.io.IOException;
import java.nio.file.Path;

/** Has a kernel say which slots of a device it frees. */
public interface SlotProbe {
    /**
     * What has begun.
     *
     * @param how for the user
     * @param name of the bits
     */
    record Begun(String how, long name) {}

    /**
     * Begins, for a device that this machine swaps on before all others; what it says lies at the export's
     * {@link Pins}.
     *
     * @param slots of the device
     * @throws IOException with a message for the user, if that cannot be had
     */
    Begun begin(String export, Path device, long slots) throws IOException;

    /** Ends it, if it had begun. */
    void end(String export) throws IOException;
}
