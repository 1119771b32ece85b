package dev.ramzswap.backing;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** A device in memory whose first segments cannot be written from some time on. */
public final class BadAreaDevice extends MemoryDevice {
    private static final Delays SHORT_DELAYS = new Delays(1_000_000, 4_000_000, 1_000_000, 1_000_000_000);

    private volatile int badSegments;

    public BadAreaDevice(int segments) {
        super((long) segments * BackingFile.SEGMENT_BYTES);
    }

    /** Opens a backing file on it, whatever path the configuration names. */
    public BackingFile open(BackingConfig config) throws IOException {
        return BackingFile.open(config, unused -> this, SHORT_DELAYS);
    }

    public void setBadSegments(int count) {
        badSegments = count;
    }

    @Override
    public int write(MemorySegment from, int length, long position) throws IOException {
        if (position < (long) badSegments * BackingFile.SEGMENT_BYTES) {
            throw new IOException("Input/output error");
        }
        return super.write(from, length, position);
    }
}
