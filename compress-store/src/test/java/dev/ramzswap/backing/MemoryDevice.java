package dev.ramzswap.backing;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A device in memory, which others are made of that fail. */
class MemoryDevice implements BlockDevice {
    final MemorySegment content;

    /** @param bytes whole segments of a backing file */
    MemoryDevice(long bytes) {
        content = Arena.ofAuto().allocate(bytes, ALIGNMENT);
    }

    @Override
    public int read(MemorySegment into, int length, long position) throws IOException {
        MemorySegment.copy(content, position, into, 0, length);
        return length;
    }

    @Override
    public int write(MemorySegment from, int length, long position) throws IOException {
        MemorySegment.copy(from, 0, content, position, length);
        return length;
    }

    @Override
    public void close() throws IOException {}
}
