package dev.ramzswap.backing;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** A device in memory whose first segments take what is written, and never give it back. */
public final class DeadAreaDevice extends MemoryDevice {
    private static final Delays DELAYS = new Delays(1_000_000, 50_000_000, 600_000_000_000L, 100_000_000);

    private final long deadBytes;

    public DeadAreaDevice(int deadSegments, int otherSegments) {
        super((long) otherSegments * BackingFile.SEGMENT_BYTES);
        this.deadBytes = (long) deadSegments * BackingFile.SEGMENT_BYTES;
    }

    /** Opens a backing file on it, whatever path the configuration names. */
    public BackingFile open(BackingConfig config) throws IOException {
        return BackingFile.open(config, unused -> this, DELAYS);
    }

    @Override
    public int read(MemorySegment into, int length, long position) throws IOException {
        if (position < deadBytes) {
            throw new IOException("injected: Input/output error");
        }
        return super.read(into, length, position - deadBytes);
    }

    @Override
    public int write(MemorySegment from, int length, long position) throws IOException {
        return position < deadBytes ? length : super.write(from, length, position - deadBytes);
    }
}
