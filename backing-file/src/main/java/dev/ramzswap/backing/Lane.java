package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static dev.ramzswap.backing.SegmentTable.NONE;

/** An open segment that takes records of one kind. Guarded by the lock of {@link Staging}. */
final class Lane {
    /** Free segments, and empty buffers, that are left to others. */
    final int leaveFree;

    final int leaveEmpty;

    /** Where it lies; {@link SegmentTable#NONE} if none is open. */
    int buffer = NONE;

    /** Where the next record begins. */
    int end;

    Lane(int leaveFree, int leaveEmpty) {
        this.leaveFree = leaveFree;
        this.leaveEmpty = leaveEmpty;
    }

    boolean hasRoom(int bytes) {
        return buffer != NONE && end + bytes <= SEGMENT_BYTES;
    }
}
