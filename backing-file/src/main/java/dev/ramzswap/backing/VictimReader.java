package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;

/**
 * Reads segments that are to be cleaned, as far as the device gives them: what cannot be read is zeroes. Used by one
 * thread.
 */
final class VictimReader {
    private static final System.Logger LOG = System.getLogger(VictimReader.class.getName());

    /** Pieces: if not one more than these can be read, it may be the device, and each may take it long to say so. */
    private static final int MOST_IN_VAIN = 8;

    /** For how long pieces are tried. */
    private static final long PIECES_NANOS = 10_000_000_000L;

    private final BlockDevice device;
    private final MemorySegment content;
    private final long quietNanos;
    private long tellAt = System.nanoTime();
    private volatile long errors;

    /**
     * @param content where segments are read to, aligned for the device
     * @param quietNanos before a failure is told of anew
     */
    VictimReader(BlockDevice device, MemorySegment content, long quietNanos) {
        this.device = device;
        this.content = content;
        this.quietNanos = quietNanos;
    }

    /** Segments that could not be read in one piece. */
    long errors() {
        return errors;
    }

    /** If it fails again, that is news. */
    void tellAgain() {
        tellAt = System.nanoTime();
    }

    void read(int segment) {
        long begin = System.nanoTime();
        try {
            readFully(content, segment, 0);
        } catch (IOException e) {
            errors++;
            if (begin - tellAt >= 0) {
                tellAt = begin + quietNanos;
                LOG.log(Level.WARNING, device + " cannot be read for cleaning at segment " + segment, e);
            }
            readInPieces(segment);
        }
    }

    /** Reads of a segment that cannot be read in one piece what can be. */
    private void readInPieces(int segment) {
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
