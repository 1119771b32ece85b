package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;

/** Arithmetic of places, which are byte offsets on the device. */
final class Places {
    private Places() {}

    static int segment(long place) {
        return (int) (place / SEGMENT_BYTES);
    }

    /** Where in its segment a place is. */
    static int offset(long place) {
        return (int) (place % SEGMENT_BYTES);
    }

    /** Whether a record can lie there, on a device that is large enough: in one segment. */
    static boolean isOfRecord(long place, int length) {
        return place >= 0
                && length > 0
                && length <= BackingFile.MAX_RECORD_BYTES
                && offset(place) + length <= SEGMENT_BYTES;
    }

    /** Bytes that a record takes. */
    static int padded(int length) {
        return length + 7 & -8;
    }
}
