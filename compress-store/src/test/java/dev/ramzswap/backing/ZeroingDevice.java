package dev.ramzswap.backing;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** For a while it gives zeroes instead of what it has, and no error; or nothing but errors. */
public final class ZeroingDevice extends MemoryDevice {
    public volatile boolean isZero;
    public volatile boolean isUnreadable;

    public ZeroingDevice(int segments) {
        super((long) segments * BackingFile.SEGMENT_BYTES);
    }

    public BackingFile open(BackingConfig config) throws IOException {
        return BackingFile.open(config, unused -> this, Delays.STANDARD);
    }

    @Override
    public int read(MemorySegment into, int length, long position) throws IOException {
        if (isUnreadable) {
            throw new IOException("injected: Input/output error");
        }
        if (isZero) {
            into.asSlice(0, length).fill((byte) 0);
            return length;
        }
        return super.read(into, length, position);
    }
}
