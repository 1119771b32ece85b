package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.Mover;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;

/**
 * Moves the live records out of a segment of the backing file. That one is live, its slot's word says: it points to
 * just this place. So no header in the segment needs to be right. All are looked at before the first one is moved: if
 * one is pinned, or cannot be read, all stay. Used by one thread.
 */
final class FileMover implements Mover {
    /** How often a record that is not intact is read once more. */
    private static final int READS_AGAIN = 3;

    /** Looks at the content before the whole map is looked at: what is not found may just be being freed. */
    private static final int LOOKS = 3;

    private static final long AWAIT_NANOS = 20_000_000;

    /** How long a record may be pinned that was not so before: whoever has pinned it waits for the disk at most. */
    private static final long PIN_NANOS = 10_000_000_000L;

    private static final long PIN_RETRY_NANOS = 20_000;

    /** What is done with a live record. */
    private interface Visitor {
        /** @param at where the record lies in {@code records} */
        Result visit(MemorySegment records, int at, long slot, long word);
    }

    private final SlotMap map;
    private final BackingFile file;
    private final Ownership ownership;
    private final Activity activity;

    /** Its record is the one that is being moved. */
    private final Workspace work;

    private final Visitor checker = this::check;
    private final Visitor mover = this::move;

    /** Bytes of the live records that were found, padding included. */
    private int found;

    /** Whether the device failed when the record was read again. */
    private boolean isUnreadable;

    FileMover(Parts parts, Ownership ownership, Activity activity, Workspace work) {
        this.map = parts.map();
        this.file = parts.file();
        this.ownership = ownership;
        this.activity = activity;
        this.work = work;
    }

    @Override
    public Result move(MemorySegment records, long segment, int length, IntSupplier live) {
        for (int look = 0; look < LOOKS; look++) {
            found = 0;
            Result result = visit(records, segment, length, checker);
            if (result != Result.EMPTIED) {
                return result;
            }
            if (found >= live.getAsInt()) {
                return visit(records, segment, length, mover);
            }
        }
        return moveHidden(records, segment, length, live);
    }

    /**
     * Finds by the map what the content does not show. Who was at work before has published, or freed, what he had
     * there. So if more is live than the words say, then one of them is damaged.
     */
    private Result moveHidden(MemorySegment records, long segment, int length, IntSupplier live) {
        if (!activity.awaitAll(AWAIT_NANOS)) {
            return Result.LATER;
        }
        found = 0;
        Result result = visitAll(records, segment, length, checker);
        if (result == Result.EMPTIED && !activity.awaitAll(AWAIT_NANOS)) {
            return Result.LATER;
        }
        boolean isForgotten = found < live.getAsInt();
        if (result == Result.EMPTIED) {
            result = visitAll(records, segment, length, mover);
        }
        return result == Result.EMPTIED && isForgotten ? Result.FORGOTTEN : result;
    }

    /** Visits the live records that the content shows, until one cannot be moved. */
    private Result visit(MemorySegment records, long segment, int length, Visitor visitor) {
        Result result = Result.EMPTIED;
        for (int at = 0; result == Result.EMPTIED && at <= length - Record.HEADER_BYTES; ) {
            long slot = Record.slot(records, at);
            long word = map.find(slot);
            int bytes = 1 << Record.UNIT_SHIFT;
            if (Slot.kind(word) == Slot.KIND_FILE && Slot.place(word) == segment + at) {
                result = visitor.visit(records, at, slot, word);
                bytes = padded(word);
            }
            at += bytes;
        }
        return result;
    }

    /** Visits all live records, until one cannot be moved. */
    private Result visitAll(MemorySegment records, long segment, int length, Visitor visitor) {
        Result result = Result.EMPTIED;
        long slot = map.nextUsed(0);
        while (result == Result.EMPTIED && slot < map.slots()) {
            long word = map.get(slot);
            long at = Slot.place(word) - segment;
            if (Slot.kind(word) == Slot.KIND_FILE && at >= 0 && at < length) {
                result = visitor.visit(records, (int) at, slot, word);
            }
            slot = map.nextUsed(slot + 1);
        }
        return result;
    }

    private static int padded(long word) {
        return Record.HEADER_BYTES + Slot.length(word) + 7 >>> Record.UNIT_SHIFT << Record.UNIT_SHIFT;
    }

    /** Whether a record can be moved. One that is lost is given up, so that it does not keep a whole segment. */
    private Result check(MemorySegment records, int at, long slot, long word) {
        if (Slot.isPinned(word)) {
            return Result.LATER;
        }
        if (isIntact(records, at, slot, word)) {
            found += padded(word);
            return Result.EMPTIED;
        }
        // What the disk cannot read, it may yet. What it reads again and again, and is not what was stored, is lost.
        if (isUnreadable) {
            return Result.DAMAGED;
        }
        if (ownership.pin(slot, word)) {
            ownership.replace(slot, word, Slot.damaged(slot), Counters.KEEPER);
        }
        return Result.EMPTIED;
    }

    /** Waits if the record is pinned by now: a part of a segment must not stay behind. */
    private Result move(MemorySegment records, int at, long slot, long word) {
        long end = System.nanoTime() + PIN_NANOS;
        for (long current = word; Slot.sameCopy(current, word); current = map.get(slot)) {
            if (!Slot.isPinned(current)) {
                Result result = tryMove(records, at, slot, current);
                if (result != Result.LATER) {
                    return result;
                }
            } else if (System.nanoTime() - end >= 0) {
                return Result.LATER;
            } else {
                LockSupport.parkNanos(PIN_RETRY_NANOS);
            }
        }
        return Result.EMPTIED;
    }

    /** LATER if the slot has another word by now, or a mark on it. */
    private Result tryMove(MemorySegment records, int at, long slot, long word) {
        work.begin();
        try {
            return ownership.pin(slot, word) ? movePinned(records, at, slot, word) : Result.LATER;
        } finally {
            work.end();
        }
    }

    /** DAMAGED also if the record finds no room after all, which it only does if the backing file is closed. */
    private Result movePinned(MemorySegment records, int at, long slot, long word) {
        long place = isIntact(records, at, slot, word) ? append() : BackingFile.FAILED;
        if (place < 0) {
            ownership.unpin(slot, word);
            return Result.DAMAGED;
        }
        ownership.replace(slot, word, Slot.moved(word, place), Counters.KEEPER);
        return Result.EMPTIED;
    }

    /** By a seal of its own: what was read may have been encrypted, and is not any more, or the other way round. */
    private long append() {
        work.record.sealForFile();
        return file.appendMoved(work.record.memory, 0, work.record.bytes());
    }

    /** Copies a record to the workspace; whether it is intact, if need be read by itself. */
    private boolean isIntact(MemorySegment records, int at, long slot, long word) {
        int bytes = Record.HEADER_BYTES + Slot.length(word);
        if (at + bytes <= records.byteSize()) {
            MemorySegment.copy(records, at, work.record.memory, 0, bytes);
            if (work.record.isIntact(slot, word)) {
                return true;
            }
        }
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
}
