package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static dev.ramzswap.backing.SegmentTable.NONE;

import java.lang.foreign.MemorySegment;

/**
 * What becomes of a staged segment that cannot be written: all of it is written to another one, at once, and then its
 * live records are there. That takes neither a buffer, of which all may be stuck, nor a free segment more than it must:
 * the other one is known to be good when the records go there, and those that were tried in vain before are known to be
 * bad, since it could be written. Until one can be written nothing is known but that the device fails.
 *
 * <p>Used by one thread.
 */
final class Rescue implements AutoCloseable {
    private static final int MOST_TRIED = 64;

    /** For how long other segments are tried, before somebody else has his turn: each may take a bad disk seconds. */
    private static final long TRY_NANOS = 1_000_000_000;

    private final SegmentTable table;
    private final Staging staging;
    private final SegmentWriter writer;
    private final boolean isAnyEncrypted;

    /** Segments that could not be written. */
    private final int[] tried = new int[MOST_TRIED];

    /**
     * @param writer is closed with it
     * @param isAnyEncrypted whether a segment may be encrypted of which that is not known
     */
    Rescue(SegmentTable table, Staging staging, SegmentWriter writer, boolean isAnyEncrypted) {
        this.table = table;
        this.staging = staging;
        this.writer = writer;
        this.isAnyEncrypted = isAnyEncrypted;
    }

    /**
     * Tries to empty the buffer of a condemned segment; whether it is empty. If not, whatever went wrong, the segment
     * is tried again: as long as it is condemned, room may come of it, and stores wait for that.
     */
    boolean run(int buffer, Mover mover) {
        boolean isEmpty = false;
        try {
            isEmpty = empty(buffer, mover);
        } finally {
            if (!isEmpty) {
                staging.reprieve(buffer);
            }
        }
        return isEmpty;
    }

    private boolean empty(int buffer, Mover mover) {
        boolean encrypted = isEncrypted(staging.buffers.segment(buffer));
        int target = table.live(staging.buffers.segment(buffer)) > 0 ? writeElsewhere(buffer, encrypted) : NONE;
        if (target != NONE && isWritable(buffer)) {
            table.giveBack(target); // The device had failed as a whole, and is back.
            staging.written(buffer);
            return true;
        }
        if (target != NONE) {
            move(buffer, target, encrypted, mover);
        }
        return staging.abandon(buffer);
    }

    private boolean isEncrypted(int segment) {
        return table.isStaged(segment) ? SegmentWord.encrypted(table.word(segment)) : isAnyEncrypted;
    }

    /** Returns the segment where the content is, which is reserved; NONE if there is none that can be written. */
    private int writeElsewhere(int buffer, boolean encrypted) {
        MemorySegment content = staging.buffers.content(buffer);
        long end = System.nanoTime() + TRY_NANOS;
        int count = 0;
        int target = staging.reserve();
        while (target != NONE && !tryWrite(target, encrypted, content)) {
            tried[count++] = target;
            target = count < MOST_TRIED && System.nanoTime() - end < 0 ? staging.reserve() : NONE;
        }
        if (target == NONE) {
            for (int i = 0; i < count; i++) {
                table.giveBack(tried[i]);
            }
            return NONE;
        }
        staging.succeeded();
        for (int i = 0; i < count; i++) {
            table.abandon(tried[i]);
        }
        return target;
    }

    /** Tries a condemned segment once more, since the device works now. */
    private boolean isWritable(int buffer) {
        long begin = System.nanoTime();
        int segment = staging.buffers.segment(buffer);
        if (table.isStaged(segment) && tryWrite(segment, isEncrypted(segment), staging.buffers.content(buffer))) {
            return true;
        }
        staging.failedAgain(buffer, begin);
        return false;
    }

    /** Whatever goes wrong: what is reserved must be given back. */
    private boolean tryWrite(int segment, boolean encrypted, MemorySegment content) {
        try {
            writer.write(segment, table.word(segment), encrypted, content);
            return true;
        } catch (Throwable e) {
            return false; // The flusher has told of it.
        }
    }

    /** The records of a segment are in another one, at the same offsets. */
    private void move(int buffer, int target, boolean encrypted, Mover mover) {
        int segment = staging.buffers.segment(buffer);
        MemorySegment content = staging.buffers.content(buffer).asReadOnly();
        table.writtenPinned(target, encrypted);
        try {
            mover.move(
                    content,
                    (long) segment * SEGMENT_BYTES,
                    SEGMENT_BYTES,
                    table.stagedCount(segment),
                    (from, offset, length) -> moved(target, offset, length));
        } finally {
            table.unpin(target);
        }
    }

    /** Nothing is copied that could fail: so it is looked at here whether a record can lie there. */
    private long moved(int target, long offset, int length) {
        if (offset < 0 || offset > SEGMENT_BYTES - length) {
            return BackingFile.NO_ROOM;
        }
        table.addLive(target, Places.padded(length));
        return (long) target * SEGMENT_BYTES + offset;
    }

    @Override
    public void close() {
        writer.close();
    }
}
