package dev.ramzswap.backing;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** For a while it gives zeroes instead of what it has, and no error. */
public final class ZeroingDevice extends MemoryDevice {
    public volatile boolean isZero;

    public ZeroingDevice(int segments) {
        super((long) segments * BackingFile.SEGMENT_BYTES);
    }

    public BackingFile open(BackingConfig config) throws IOException {
        return BackingFile.open(config, unused -> this, Delays.STANDARD);
    }

    @Override
    public int read(MemorySegment into, int length, long position) throws IOException {
        if (isZero) {
            into.asSlice(0, length).fill((byte) 0);
            return length;
        }
        return super.read(into, length, position);
    }
}
