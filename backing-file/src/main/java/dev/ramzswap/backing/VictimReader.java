package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Reads segments that are to be cleaned, as far as the device gives them: what cannot be read is zeroes. Used by one
 * thread.
 */
final class VictimReader {
    /** Pieces: if not one more than these can be read, it may be the device, and each may take it long to say so. */
    private static final int MOST_IN_VAIN = 8;

    /** For how long pieces are tried. */
    private static final long PIECES_NANOS = 10_000_000_000L;

    private final BlockDevice device;
    private final MemorySegment content;

    /** @param content where segments are read to, aligned for the device */
    VictimReader(BlockDevice device, MemorySegment content) {
        this.device = device;
        this.content = content;
    }

    /** Reads all of a segment in one piece. */
    void read(int segment) throws IOException {
        readFully(content, segment, 0);
    }

    /** Reads of a segment that cannot be read in one piece what can be. */
    void readInPieces(int segment) {
        content.fill((byte) 0);
        long end = System.nanoTime() + PIECES_NANOS;
        int tried = 0;
        int read = 0;
        while (tried < SEGMENT_BYTES / BlockDevice.ALIGNMENT
                && (read > 0 || tried < MOST_IN_VAIN)
                && System.nanoTime() - end < 0) {
            read += isRead(segment, tried * BlockDevice.ALIGNMENT) ? 1 : 0;
            tried++;
        }
    }

    /** Whether the device gives back the first piece of a segment: the whole of it may fail ten times. */
    boolean isBegun(int segment) {
        return isRead(segment, 0);
    }

    /** Reads a piece; zeroes if that fails, which was told of when all of the segment could not be read. */
    private boolean isRead(int segment, int at) {
        MemorySegment piece = content.asSlice(at, BlockDevice.ALIGNMENT);
        try {
            readFully(piece, segment, at);
            return true;
        } catch (IOException e) {
            piece.fill((byte) 0);
            return false;
        }
    }

    private void readFully(MemorySegment into, int segment, int at) throws IOException {
        int length = (int) into.byteSize();
        int read = device.read(into, length, (long) segment * SEGMENT_BYTES + at);
        if (read != length) {
            throw new IOException("short read: " + read + " of " + length + " bytes");
        }
    }
}
