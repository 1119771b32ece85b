package dev.ramzswap.backing;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** For a while a part of it gives zeroes instead of what it has, and no error; or nothing but errors. */
public final class ZeroingDevice extends MemoryDevice {
    /** Nanoseconds that a device is given to come back. */
    public static final long PATIENCE = 50_000_000;

    private static final Delays DELAYS = new Delays(1_000_000, 50_000_000, 600_000_000_000L, PATIENCE);

    /** What it does instead of reading. */
    public enum Fault {
        NONE,
        ZEROES,
        ERROR
    }

    public volatile Fault fault = Fault.NONE;

    /** Is run before it does so. */
    public volatile Runnable onRead = () -> {};

    /** How many of the first segments that concerns. */
    public volatile int segments;

    public ZeroingDevice(int segments) {
        super((long) segments * BackingFile.SEGMENT_BYTES);
        this.segments = segments;
    }

    public BackingFile open(BackingConfig config) throws IOException {
        return BackingFile.open(config, unused -> this, DELAYS);
    }

    @Override
    public int read(MemorySegment into, int length, long position) throws IOException {
        if (fault == Fault.NONE || position / BackingFile.SEGMENT_BYTES >= segments) {
            return super.read(into, length, position);
        }
        onRead.run();
        if (fault == Fault.ERROR) {
            throw new IOException("injected: Input/output error");
        }
        into.asSlice(0, length).fill((byte) 0);
        return length;
    }
}
