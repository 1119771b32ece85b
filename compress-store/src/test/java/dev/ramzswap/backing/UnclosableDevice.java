package dev.ramzswap.backing;

import java.io.IOException;

/** A device in memory that says it cannot be closed. */
public final class UnclosableDevice extends MemoryDevice {
    /** @param bytes whole segments of a backing file */
    public UnclosableDevice(long bytes) {
        super(bytes);
    }

    /** Opens a backing file on it, whatever path the configuration names. */
    public BackingFile open(BackingConfig config) throws IOException {
        return BackingFile.open(config, unused -> this, Delays.STANDARD);
    }

    @Override
    public void close() throws IOException {
        throw new IOException("injected: Input/output error");
    }
}
