package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;

import java.io.IOException;
import java.nio.file.Path;

/** How many bytes a {@link BackingFile} has, needs, and takes of memory. */
public final class BackingSize {
    private BackingSize() {}

    /**
     * Bytes that a backing file at {@code path} will have: {@code bytes} rounded up to whole segments, or those of the
     * block device.
     *
     * @throws IOException with a message for the user, if that is impossible
     */
    public static long capacity(Path path, long bytes) throws IOException {
        return FileDevice.capacity(path, bytes);
    }

    /** Where, in the file or on the device, what has a place in a backing file is: behind the label. */
    public static long positionOf(long place) {
        return Label.HEAD_BYTES + place;
    }

    /** Bytes of the table for a backing file of a {@link #capacity}. */
    public static long tableBytes(long capacity) {
        return capacity / SEGMENT_BYTES * Long.BYTES;
    }

    /**
     * Bytes to reserve so that {@code records} live records of {@code recordBytes} each always find room, if need be
     * after {@link BackingFile#clean}: segments run out only with all staging buffers taken, and then at least one of
     * the others is worth cleaning ({@link SegmentCleaner}).
     */
    public static long bytesFor(long records, int recordBytes) {
        long fullSegments = records * Places.padded(recordBytes) / SegmentCleaner.WORTH_BYTES;
        return (fullSegments + 1 + Staging.BUFFERS + Staging.RESERVE) * SEGMENT_BYTES;
    }
}
