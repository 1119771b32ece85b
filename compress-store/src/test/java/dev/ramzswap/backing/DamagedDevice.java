package dev.ramzswap.backing;

import java.io.IOException;
import java.lang.foreign.ValueLayout;

/** A device in memory whose content can be damaged, as a disk's that lies. */
public final class DamagedDevice extends MemoryDevice {
    private static final Delays SHORT = new Delays(1_000_000, 10_000_000, 1_000_000, 3_000_000);

    /** @param bytes whole segments of a backing file */
    public DamagedDevice(long bytes) {
        super(bytes);
    }

    /** Opens a backing file on it, whatever path the configuration names. */
    public BackingFile open(BackingConfig config) throws IOException {
        return BackingFile.open(config, unused -> this, SHORT);
    }

    /** Flips bits of one byte. */
    public void flip(long position, byte bits) {
        byte old = content.get(ValueLayout.JAVA_BYTE, position);
        content.set(ValueLayout.JAVA_BYTE, position, (byte) (old ^ bits));
    }
}
