package dev.ramzswap.backing;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What one thread needs to read a {@link BackingFile}: aligned memory and a cipher. Not thread-safe. Close it before
 * the backing file.
 */
public final class ReadBuffer implements AutoCloseable {
    /** The blocks that a record of the greatest length can touch. */
    private static final int BYTES = BackingFile.MAX_RECORD_BYTES + BlockDevice.ALIGNMENT;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(BYTES, BlockDevice.ALIGNMENT);
    private final BlockDevice device;
    private final PageCipher cipher;

    /** @param cipher is closed with it */
    ReadBuffer(BlockDevice device, PageCipher cipher) {
        this.device = device;
        this.cipher = cipher;
    }

    /** Reads a record from the device, where the segment's content is the one that {@code word} stands for. */
    void read(long word, long place, int length, MemorySegment into, long offset) throws IOException {
        int skip = (int) (place % BlockDevice.ALIGNMENT);
        int bytes = skip + length + BlockDevice.ALIGNMENT - 1 & -BlockDevice.ALIGNMENT;
        int read = device.read(memory, bytes, place - skip);
        if (read != bytes) {
            throw new IOException("short read: " + read + " of " + bytes + " bytes");
        }
        if (SegmentWord.encrypted(word)) {
            int segment = Places.segment(place);
            int begin = Places.offset(place);
            long generation = SegmentWord.generation(word);
            cipher.apply(segment, generation, begin, memory, skip, memory, skip, Places.padded(length));
        }
        MemorySegment.copy(memory, skip, into, offset, length);
    }

    @Override
    public void close() {
        arena.close();
        cipher.close();
    }
}
