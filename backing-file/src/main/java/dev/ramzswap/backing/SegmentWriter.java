package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Writes whole segments to the device, encrypted or not. Used by one thread. */
final class SegmentWriter implements AutoCloseable {
    private final BlockDevice device;
    private final PageCipher cipher;
    private final MemorySegment image;

    /**
     * @param cipher is closed with it
     * @param image memory for an encrypted segment, aligned for the device
     */
    SegmentWriter(BlockDevice device, PageCipher cipher, MemorySegment image) {
        this.device = device;
        this.cipher = cipher;
        this.image = image;
    }

    /** @param word that of the segment, for its generation */
    void write(int segment, long word, boolean encrypted, MemorySegment content) throws IOException {
        MemorySegment from = content;
        if (encrypted) {
            // Into other memory: readers use the plain one until the word says WRITTEN.
            cipher.apply(segment, SegmentWord.generation(word), 0, content, 0, image, 0, SEGMENT_BYTES);
            from = image;
        }
        int written = device.write(from, SEGMENT_BYTES, (long) segment * SEGMENT_BYTES);
        if (written != SEGMENT_BYTES) {
            throw new IOException("short write: " + written + " of " + SEGMENT_BYTES + " bytes");
        }
    }

    @Override
    public void close() {
        cipher.close();
    }
}
