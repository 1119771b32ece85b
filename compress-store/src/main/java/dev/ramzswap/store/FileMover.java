package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.Mover;
import java.lang.foreign.MemorySegment;

/**
 * Moves the live records out of a segment of the backing file. That one is live, its slot's word says: it points to
 * just this place. So no header in the segment needs to be right; and what is not intact stays where it is, since the
 * disk may yet give back what it has. Used by one thread.
 */
final class FileMover implements Mover {
    /** How often a record that is not intact is read once more. */
    private static final int READS_AGAIN = 3;

    private final SlotMap map;
    private final BackingFile file;
    private final Ownership ownership;

    /** Its record is the one that is being moved. */
    private final Workspace work;

    /** Whether the backing file took the last record. */
    private boolean hasRoom;

    /** Whether the device failed when the record was read again. */
    private boolean isUnreadable;

    FileMover(Parts parts, Ownership ownership, Workspace work) {
        this.map = parts.map();
        this.file = parts.file();
        this.ownership = ownership;
        this.work = work;
    }

    @Override
    public Result move(MemorySegment records, long segment, int length) {
        Result result = Result.EMPTIED;
        hasRoom = true;
        int at = 0;
        while (hasRoom && at <= length - Record.HEADER_BYTES) {
            long slot = Record.slot(records, at);
            long word = map.find(slot);
            int units = 1;
            if (Slot.kind(word) == Slot.KIND_FILE && Slot.place(word) == segment + at) {
                result = worse(result, move(records, at, length, slot, word));
                units = Record.HEADER_BYTES + Slot.length(word) + 7 >>> Record.UNIT_SHIFT;
            }
            at += units << Record.UNIT_SHIFT;
        }
        return result;
    }

    /** Finds by the map what the content does not show. */
    @Override
    public Result moveHidden(long segment, int length) {
        Result result = Result.EMPTIED;
        hasRoom = true;
        for (long slot = map.nextUsed(0); hasRoom && slot < map.slots(); slot = map.nextUsed(slot + 1)) {
            long word = map.get(slot);
            long at = Slot.place(word) - segment;
            if (Slot.kind(word) == Slot.KIND_FILE && at >= 0 && at < length) {
                result = worse(result, move(MemorySegment.NULL, 0, 0, slot, word));
            }
        }
        return result;
    }

    private static Result worse(Result one, Result other) {
        return one.ordinal() > other.ordinal() ? one : other;
    }

    private Result move(MemorySegment records, int at, int length, long slot, long word) {
        if (Slot.isPinned(word)) {
            return Result.LATER;
        }
        work.begin();
        try {
            return ownership.pin(slot, word) ? movePinned(records, at, length, slot, word) : Result.EMPTIED;
        } finally {
            work.end();
        }
    }

    private Result movePinned(MemorySegment records, int at, int length, long slot, long word) {
        int bytes = Record.HEADER_BYTES + Slot.length(word);
        boolean isThere = at + bytes <= length;
        if (isThere) {
            MemorySegment.copy(records, at, work.record.memory, 0, bytes);
        }
        if ((!isThere || !work.record.isIntact(slot, word)) && !isReadAgain(bytes, slot, word)) {
            return giveUp(slot, word);
        }
        long place = file.appendMoved(work.record.memory, 0, bytes);
        if (place < 0) {
            ownership.unpin(slot, word);
            hasRoom = false; // No use in waiting for each of the others.
            return Result.LATER;
        }
        ownership.replace(slot, word, Slot.moved(word, place), Counters.KEEPER);
        return Result.EMPTIED;
    }

    /** Whether the record comes out intact when it is read by itself. */
    private boolean isReadAgain(int bytes, long slot, long word) {
        isUnreadable = false;
        for (int tries = 0; tries < READS_AGAIN; tries++) {
            int read = file.read(Slot.place(word), bytes, work.record.memory, 0, work.readBuffer);
            isUnreadable |= read != BackingFile.OK;
            if (read == BackingFile.OK && work.record.isIntact(slot, word)) {
                return true;
            }
        }
        return false;
    }

    /**
     * What the disk cannot read, it may yet. What it reads again and again, and is not what was stored, is lost: it
     * must not keep a whole segment.
     */
    private Result giveUp(long slot, long word) {
        if (isUnreadable) {
            ownership.unpin(slot, word);
            return Result.DAMAGED;
        }
        ownership.replace(slot, word, Slot.damaged(slot), Counters.KEEPER);
        return Result.EMPTIED;
    }
}
