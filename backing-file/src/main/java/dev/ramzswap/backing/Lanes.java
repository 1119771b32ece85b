package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.FAILED;
import static dev.ramzswap.backing.BackingFile.NO_ROOM;
import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static dev.ramzswap.backing.BackingFile.WOULD_WAIT;
import static dev.ramzswap.backing.SegmentTable.NONE;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.Condition;

/**
 * The ways by which records come into staging buffers. Records of stores and records that cleaning moves go to an open
 * segment each (a {@link Lane}): moved records are old and live on together, and stores never take the room that a
 * compaction made for itself. Stores leave one buffer to cleaning, so that it proceeds: it makes as much room as it
 * takes.
 *
 * <p>Guarded by the lock of {@link Staging}.
 */
final class Lanes {
    final Lane stores = new Lane(Staging.RESERVE, Staging.BUFFERS - Staging.MOST_OF_STORES);
    final Lane moves = new Lane(0, 0);

    private final SegmentTable table;
    private final StagingBuffers buffers;
    private final WriteRetries retries;
    private final boolean encrypt;
    private final Condition emptied;
    private final Condition sealed;
    private boolean started;

    /**
     * @param emptied is told of each buffer that gets empty here
     * @param sealed is told of each segment that is to be written
     */
    Lanes(
            SegmentTable table,
            StagingBuffers buffers,
            WriteRetries retries,
            boolean encrypt,
            Condition emptied,
            Condition sealed) {
        this.table = table;
        this.buffers = buffers;
        this.retries = retries;
        this.encrypt = encrypt;
        this.emptied = emptied;
        this.sealed = sealed;
    }

    /** See {@link Staging#start}. */
    void start() {
        started = true;
        // It had taken its emptiest one out of the reserve to clean another: if each daemon that is killed in the
        // midst of that cost a segment, the third could clean none.
        if (table.free() < Staging.RESERVE) {
            moves.buffer = buffers.emptiestSealed();
            moves.end = moves.buffer == NONE ? 0 : buffers.reopen(moves.buffer);
        }
    }

    /** The place of the record, NO_ROOM, FAILED, or, if there is no empty buffer, WOULD_WAIT. */
    long append(Lane lane, MemorySegment from, long offset, int length) {
        int padded = Places.padded(length);
        if (!hasRoom(lane, padded)) {
            int result = advance(lane);
            if (result < 0) {
                return result;
            }
        }
        int segment = buffers.segment(lane.buffer);
        int begin = lane.end;
        MemorySegment.copy(from, offset, buffers.content(lane.buffer), begin, length);
        lane.end = begin + padded;
        table.addLive(segment, padded);
        return (long) segment * SEGMENT_BYTES + begin;
    }

    private boolean hasRoom(Lane lane, int bytes) {
        return lane.hasRoom(bytes) && table.isStaged(buffers.segment(lane.buffer));
    }

    /** Seals the lane's segment, if it has one, and opens another. */
    private int advance(Lane lane) {
        if (!started) {
            throw new IllegalStateException("records of an earlier daemon are still to be adopted");
        }
        seal(lane);
        dropDead();
        table.dropDamagedIfFew();
        if (table.free() <= lane.leaveFree) {
            return NO_ROOM;
        }
        int buffer = buffers.firstEmpty(lane.leaveEmpty);
        if (buffer == NONE) {
            return retries.failingNanos() > 0 ? FAILED : WOULD_WAIT;
        }
        if (!buffers.open(buffer, encrypt)) {
            return NO_ROOM;
        }
        lane.buffer = buffer;
        lane.end = 0;
        return BackingFile.OK;
    }

    /** Lets the lane's segment be written, if it has one. */
    private void seal(Lane lane) {
        if (lane.buffer != NONE) {
            buffers.seal(lane.buffer);
            lane.buffer = NONE;
            sealed.signal();
        }
    }

    /** See {@link StagingBuffers#dropDead}. */
    void dropDead() {
        if (buffers.dropDead()) {
            emptied.signalAll();
        }
    }

    /** See {@link Staging#hasRoomToMove}. */
    boolean hasRoomToMove(int bytes) {
        dropDead();
        table.dropDamagedIfFew();
        return hasRoom(moves, bytes) || table.free() > moves.leaveFree && isAnyLeft(moves);
    }

    /** See {@link Staging#reserve}. */
    int reserve() {
        return table.free() >= (isAnyLeft(moves) ? Staging.RESERVE : 1) ? table.reserve() : NONE;
    }

    /** Whether a buffer is empty that records of this kind may take. */
    boolean isAnyLeft(Lane lane) {
        return buffers.firstEmpty(lane.leaveEmpty) != NONE;
    }
}
