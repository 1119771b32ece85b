package dev.ramzswap.backing;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** Packed records. */
public final class BackingFile implements AutoCloseable {
    /** Done. */
    public static final int OK = 0;
    /** Nothing was done, since it would have to wait for the device. */
    public static final int WOULD_WAIT = -1;
    /** No segment is free: compact, or free records. */
    public static final int NO_ROOM = -2;
    /** The device is failing and all staging buffers are taken. */
    public static final int FAILED = -3;
    /** The device could not read the record. */
    public static final int IO_ERROR = -4;

    public static final int SEGMENT_BYTES = 256 << 10;
    /** The longest record. */
    public static final int MAX_RECORD_BYTES = 8192;

    public static final int KEY_BYTES = 32;
    public static final long STAGING_BYTES = 8L * SEGMENT_BYTES;

    /** Bytes that a backing file at {@code path} will have when {@code bytes} are asked for. */
    public static long capacity(Path path, long bytes) throws IOException {
        throw new IOException("not yet");
    }

    /** Bytes of table memory for a backing file of {@link #capacity} {@code capacity}. */
    public static long tableBytes(long capacity) {
        return capacity / SEGMENT_BYTES * Long.BYTES;
    }

    /**
     * Bytes to ask for so that {@code records} live records of at most {@code recordBytes} each always find room, by
     * compaction if need be.
     */
    public static long bytesFor(long records, int recordBytes) {
        return 0;
    }

    public static BackingFile open(BackingConfig config) throws IOException {
        throw new IOException("not yet");
    }

    /** Whether records of an earlier daemon are there, to be adopted before anything is appended or freed. */
    public boolean takenOver() {
        return false;
    }

    public void adopt(long place, int length) {}

    public void adopted() {}

    public ReadBuffer readBuffer() {
        return new ReadBuffer();
    }

    /** The place (at least 0), NO_ROOM or FAILED; waits while all staging buffers wait to be written. */
    public long append(MemorySegment from, long offset, int length) {
        return FAILED;
    }

    /** Like append, but WOULD_WAIT instead of waiting. */
    public long appendNow(MemorySegment from, long offset, int length) {
        return FAILED;
    }

    /** Like append, for Movers: into segments of their own, and from the reserve if need be. */
    public long appendMoved(MemorySegment from, long offset, int length) {
        return FAILED;
    }

    /** OK, or WOULD_WAIT. */
    public int readNow(long place, int length, MemorySegment into, long offset) {
        return WOULD_WAIT;
    }

    /** OK or IO_ERROR. */
    public int read(long place, int length, MemorySegment into, long offset, ReadBuffer buffer) {
        return IO_ERROR;
    }

    public void free(long place, int length) {}

    /** Whether free segments run low, so that {@link #compact} is worth calling. */
    public boolean compactionDue() {
        return false;
    }

    /** Returns whether a segment became free. */
    public boolean compact(Mover mover) {
        return false;
    }

    public long segments() {
        return 0;
    }

    public long freeSegments() {
        return 0;
    }

    public long liveBytes() {
        return 0;
    }

    public long reads() {
        return 0;
    }

    public long writes() {
        return 0;
    }

    public long readErrors() {
        return 0;
    }

    public long writeErrors() {
        return 0;
    }

    public boolean failing() {
        return false;
    }

    @Override
    public void close() {}
}
