package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Reads segments that are to be cleaned, as far as the device gives them: the pieces that cannot be read are zeroes
 * then, and may be of no live record, which the mover finds out. Used by one thread.
 */
final class VictimReader {
    /** Pieces of a segment: with more, it may be the device, and each may take it long to say so. */
    private static final int MOST_UNREADABLE = 8;

    /** For how long more of them are tried for the last time. */
    private static final long LAST_NANOS = 2_000_000_000;

    /** Segments that are tried to find out whether it is the device. */
    private static final int SAMPLES = 8;

    private final BlockDevice device;
    private final MemorySegment content;
    private final int segments;

    /** @param content where segments are read to, aligned for the device */
    VictimReader(BlockDevice device, MemorySegment content, int segments) {
        this.device = device;
        this.content = content;
        this.segments = segments;
    }

    /** Reads all of a segment in one piece. */
    void read(int segment) throws IOException {
        readFully(content, segment, 0);
    }

    /** Reads a segment that cannot be read in one piece. False, after a few pieces, if it may be the device. */
    boolean readInPieces(int segment) {
        content.fill((byte) 0);
        int unreadable = 0;
        for (int at = 0; at < SEGMENT_BYTES && unreadable <= MOST_UNREADABLE; at += BlockDevice.ALIGNMENT) {
            unreadable += isRead(segment, at) ? 0 : 1;
        }
        return unreadable <= MOST_UNREADABLE;
    }

    /** The same where what cannot be read is given up: however much that is. False if it is the device. */
    boolean readForTheLast(int segment) {
        if (!isAnotherBegun(segment)) {
            return false;
        }
        content.fill((byte) 0);
        int unreadable = 0;
        long end = System.nanoTime() + LAST_NANOS;
        for (int at = 0; at < SEGMENT_BYTES; at += BlockDevice.ALIGNMENT) {
            boolean isTried = unreadable <= MOST_UNREADABLE || System.nanoTime() - end < 0;
            unreadable += isTried && isRead(segment, at) ? 0 : 1;
        }
        return true;
    }

    /** Whether the device gives back the first piece of a segment: the whole of it may fail ten times. */
    boolean isBegun(int segment) {
        return isRead(segment, 0);
    }

    private boolean isAnotherBegun(int segment) {
        int step = Math.max(1, segments / (SAMPLES + 1));
        int other = segment;
        boolean isBegun = false;
        for (int i = 0; i < SAMPLES && !isBegun; i++) {
            other = (other + step) % segments;
            isBegun = other != segment && isBegun(other);
        }
        return isBegun;
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
