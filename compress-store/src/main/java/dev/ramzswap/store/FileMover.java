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
    private final SlotMap map;
    private final BackingFile file;
    private final Ownership ownership;

    /** Its record is the one that is being moved. */
    private final Workspace work;

    FileMover(Parts parts, Ownership ownership, Workspace work) {
        this.map = parts.map();
        this.file = parts.file();
        this.ownership = ownership;
        this.work = work;
    }

    @Override
    public Result move(MemorySegment records, long segment, int length) {
        Result result = Result.EMPTIED;
        int at = 0;
        while (at <= length - Record.HEADER_BYTES) {
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

    private static Result worse(Result one, Result other) {
        return one.ordinal() > other.ordinal() ? one : other;
    }

    private Result move(MemorySegment records, int at, int length, long slot, long word) {
        work.begin();
        try {
            int bytes = Record.HEADER_BYTES + Slot.length(word);
            if (at + bytes > length) {
                return Result.DAMAGED;
            }
            if (Slot.isPinned(word) || !ownership.pin(slot, word)) {
                return Result.LATER;
            }
            long place = appendIntact(records, at, bytes, slot, word);
            if (place < 0) {
                ownership.unpin(slot, word);
                return place == BackingFile.IO_ERROR ? Result.DAMAGED : Result.LATER;
            }
            ownership.replace(slot, word, Slot.moved(word, place), Counters.KEEPER);
            return Result.EMPTIED;
        } finally {
            work.end();
        }
    }

    private long appendIntact(MemorySegment records, int at, int bytes, long slot, long word) {
        MemorySegment.copy(records, at, work.record.memory, 0, bytes);
        return work.record.isIntact(slot, word) ? file.appendMoved(work.record.memory, 0, bytes) : BackingFile.IO_ERROR;
    }
}
