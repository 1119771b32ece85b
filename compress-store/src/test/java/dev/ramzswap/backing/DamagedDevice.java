package dev.ramzswap.backing;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A device in memory whose content can be damaged, as a disk's that lies. */
public final class DamagedDevice implements BlockDevice {
    private static final Delays SHORT = new Delays(1_000_000, 10_000_000, 1_000_000, 3_000_000);

    private final MemorySegment content;

    /** @param bytes whole segments of a backing file */
    public DamagedDevice(long bytes) {
        content = Arena.ofAuto().allocate(bytes, ALIGNMENT);
    }

    /** Opens a backing file on it, whatever path the configuration names. */
    public BackingFile open(BackingConfig config) throws IOException {
        return BackingFile.open(config, this, SHORT);
    }

    /** Flips bits of one byte. */
    public void flip(long position, byte bits) {
        byte old = content.get(ValueLayout.JAVA_BYTE, position);
        content.set(ValueLayout.JAVA_BYTE, position, (byte) (old ^ bits));
    }

    @Override
    public long size() {
        return content.byteSize();
    }

    @Override
    public int read(MemorySegment into, int length, long position) {
        MemorySegment.copy(content, position, into, 0, length);
        return length;
    }

    @Override
    public int write(MemorySegment from, int length, long position) {
        MemorySegment.copy(from, 0, content, position, length);
        return length;
    }

    @Override
    public void close() {}
}
