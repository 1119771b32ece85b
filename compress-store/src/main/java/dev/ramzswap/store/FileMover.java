package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.Mover;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;

/**
 * Moves the live records out of a segment of the backing file. That one is live, its slot's word says: it points to
 * just this place. So no header in the segment needs to be right. All of them are pinned and looked at before the first
 * one is moved: if one is in other hands, or not intact, all stay. Used by one thread.
 *
 * <p>What is not intact is read again. It is given up only in the last look before a page is refused: a device may give
 * back later what it does not give now, be it an error or zeroes from a path that is just being changed, but a segment
 * that is kept for what may come back must not cost what is there to be stored.
 *
 * <p>Stores, trims and loads go on meanwhile, so a word that was looked at may be another one a moment later. That
 * tells of another place, or of none, and is not ours to judge: it is the word that was found, and no other, that is
 * pinned, or else there is nothing to move.
 */
final class FileMover implements Mover {
    private static final System.Logger LOG = System.getLogger(FileMover.class.getName());

    /** How often a record that is not intact is read once more. */
    private static final int READS_AGAIN = 3;

    /** For how long those of one segment are: a bad disk may take seconds for each. */
    private static final long READ_AGAIN_NANOS = 2_000_000_000;

    /** Looks at the content before the whole map is looked at: what is not found may just be being freed. */
    private static final int LOOKS = 3;

    /** Pages that do not fit in a slot's word have records of 24 bytes at least: header and eight bytes of fill. */
    private static final int MOST_RECORDS = BackingFile.SEGMENT_BYTES / 24;

    private static final long AWAIT_NANOS = 20_000_000;

    private final SlotMap map;
    private final BackingFile file;
    private final Ownership ownership;
    private final Activity activity;

    /** Its record is the one that is being looked at. */
    private final Workspace work;

    /** The records that are pinned. */
    private final long[] slots = new long[MOST_RECORDS];

    private final long[] words = new long[MOST_RECORDS];
    private int pinned;

    /** How many of them are moved. */
    private int moved;

    /** Bytes of the live records that were found, padding included. */
    private int found;

    /** Whether more was live than that. */
    private boolean isAnyHidden;

    private boolean isLastLook;

    /** Whether records that are not intact are given up, as far as the segment has been looked at. */
    private boolean isGivingUp;

    private int lost;

    FileMover(Parts parts, Ownership ownership, Activity activity, Workspace work) {
        this.map = parts.map();
        this.file = parts.file();
        this.ownership = ownership;
        this.activity = activity;
        this.work = work;
    }

    /** Says whether a page finds no room in any other way. */
    void setLastLook(boolean isLastLook) {
        this.isLastLook = isLastLook;
    }

    @Override
    public boolean givesUp() {
        return isLastLook;
    }

    /** What is not intact in memory, where it can only be read, never will be. */
    @Override
    public Result move(MemorySegment records, long segment, int length, Count count, Target target) {
        lost = 0;
        isGivingUp = records.isReadOnly();
        Result result = moveFound(records, segment, length, count, target);
        if (result == Result.DAMAGED && !isGivingUp) {
            readAgain(records, segment, length);
            isGivingUp = isLastLook;
            result = moveFound(records, segment, length, count, target);
        }
        if (lost > 0) {
            LOG.log(Level.ERROR, "backing file: " + lost + " pages are lost that could not be read at byte " + segment);
        }
        return result;
    }

    /**
     * Reads the live records that are not intact by themselves. Not while at work, and with none pinned: it may take
     * the device long ({@link RoomSearch}).
     */
    private void readAgain(MemorySegment records, long segment, int length) {
        long end = System.nanoTime() + READ_AGAIN_NANOS;
        long slot = map.nextUsed(0);
        while (slot < map.slots() && System.nanoTime() - end < 0) {
            long word = map.get(slot);
            int at = (int) (Slot.place(word) - segment);
            if (isWithin(word, segment, length)
                    && !isShownIntact(records, at, slot, word)
                    && isReadIntact(slot, word)) {
                MemorySegment.copy(work.record.memory, 0, records, at, Record.bytes(word));
            }
            slot = map.nextUsed(slot + 1);
        }
    }

    /** Whether a record is what was stored, in one of a few tries; one that the device cannot read, it has tried. */
    private boolean isReadIntact(long slot, long word) {
        int read = BackingFile.OK;
        for (int tries = 0; tries < READS_AGAIN && read == BackingFile.OK; tries++) {
            read = file.read(Slot.place(word), Record.bytes(word), work.record.memory, 0, work.readBuffer);
            if (read == BackingFile.OK && work.record.isIntact(slot, word)) {
                return true;
            }
        }
        return false;
    }

    private Result moveFound(MemorySegment records, long segment, int length, Count count, Target target) {
        for (int look = 0; look < LOOKS; look++) {
            Result result = tryMove(records, segment, length, count, target);
            if (!isAnyHidden) {
                return result;
            }
        }
        return moveHidden(records, segment, length, count, target);
    }

    /** Moves nothing if more is live than the content shows. */
    private Result tryMove(MemorySegment records, long segment, int length, Count count, Target target) {
        work.begin();
        try {
            Result result = pinShown(records, segment, length);
            isAnyHidden = result == Result.EMPTIED && found < count.live();
            return result == Result.EMPTIED && !isAnyHidden ? moveAll(records, segment, target) : result;
        } finally {
            unpinRest();
            work.end();
        }
    }

    /**
     * Finds by the map what the content does not show. Who was at work before has published, or freed, what he had
     * there. So if more is live than the words say, then one of them is damaged. That much is forgotten, and not what
     * is left: who has begun since then may have taken a record out of the map, and free it later.
     */
    private Result moveHidden(MemorySegment records, long segment, int length, Count count, Target target) {
        if (!activity.awaitAll(AWAIT_NANOS)) {
            return Result.LATER;
        }
        int known = countAll(segment, length);
        if (!activity.awaitAll(AWAIT_NANOS)) {
            return Result.LATER;
        }
        int forgotten = count.live() - known;
        work.begin();
        try {
            Result result = pinAll(records, segment, length);
            result = result == Result.EMPTIED ? moveAll(records, segment, target) : result;
            if (result == Result.EMPTIED && forgotten > 0) {
                count.forget(forgotten);
            }
            return result;
        } finally {
            unpinRest();
            work.end();
        }
    }

    /** Pins the live records that the content shows, until one cannot be moved. */
    private Result pinShown(MemorySegment records, long segment, int length) {
        found = 0;
        Result result = Result.EMPTIED;
        for (int at = 0; result == Result.EMPTIED && at <= length - Record.HEADER_BYTES; ) {
            long slot = Record.slot(records, at);
            long word = map.find(slot);
            int bytes = 1 << Record.UNIT_SHIFT;
            if (isAt(word, segment + at)) {
                result = pin(records, at, slot, word);
                bytes = padded(word);
            }
            at += bytes;
        }
        return result;
    }

    /** Pins all live records, until one cannot be moved. */
    private Result pinAll(MemorySegment records, long segment, int length) {
        Result result = Result.EMPTIED;
        long slot = map.nextUsed(0);
        while (result == Result.EMPTIED && slot < map.slots()) {
            long word = map.get(slot);
            if (isWithin(word, segment, length)) {
                result = pin(records, (int) (Slot.place(word) - segment), slot, word);
            }
            slot = map.nextUsed(slot + 1);
        }
        return result;
    }

    /** Bytes of the live records of a segment, by all words. */
    private int countAll(long segment, int length) {
        int bytes = 0;
        for (long slot = map.nextUsed(0); slot < map.slots(); slot = map.nextUsed(slot + 1)) {
            long word = map.get(slot);
            bytes += isWithin(word, segment, length) ? padded(word) : 0;
        }
        return bytes;
    }

    private static boolean isAt(long word, long place) {
        return Slot.kind(word) == Slot.KIND_FILE && Slot.place(word) == place;
    }

    private static boolean isWithin(long word, long segment, int length) {
        long at = Slot.place(word) - segment;
        return Slot.kind(word) == Slot.KIND_FILE && at >= 0 && at < length;
    }

    private static int padded(long word) {
        return Record.bytes(word) + 7 >>> Record.UNIT_SHIFT << Record.UNIT_SHIFT;
    }

    /** Pins the record of a word that points to it, if that still is the slot's. */
    private Result pin(MemorySegment records, int at, long slot, long found) {
        for (long word = found; Slot.sameCopy(word, found); word = map.get(slot)) {
            if (Slot.isPinned(word)) {
                return Result.LATER;
            }
            if (pinned == MOST_RECORDS) {
                return Result.DAMAGED; // Words are: so many records there cannot be.
            }
            if (ownership.pin(slot, word)) {
                return look(records, at, slot, word);
            }
        }
        return Result.EMPTIED;
    }

    /** Whether a pinned record can be moved, or is lost. */
    private Result look(MemorySegment records, int at, long slot, long word) {
        slots[pinned] = slot;
        words[pinned] = word;
        pinned++;
        if (isShownIntact(records, at, slot, word)) {
            found += padded(word);
            seal(records, at);
            return Result.EMPTIED;
        }
        if (!isGivingUp) {
            return Result.DAMAGED;
        }
        pinned--;
        lost++;
        ownership.replace(slot, word, Slot.damaged(slot), Counters.KEEPER);
        return Result.EMPTIED;
    }

    private boolean isShownIntact(MemorySegment records, int at, long slot, long word) {
        int bytes = Record.bytes(word);
        if (at + bytes > records.byteSize()) {
            return false;
        }
        MemorySegment.copy(records, at, work.record.memory, 0, bytes);
        return work.record.isIntact(slot, word);
    }

    /**
     * Puts the record that was looked at into the content, by a seal of its own: it may have been encrypted, and is not
     * any more, or the other way round. What only changes its place stays as it is.
     */
    private void seal(MemorySegment records, int at) {
        if (!records.isReadOnly()) {
            work.record.sealForFileAgain();
            MemorySegment.copy(work.record.memory, 0, records, at, work.record.bytes());
        }
    }

    /** Moves what is pinned. DAMAGED if there is no room after all. */
    private Result moveAll(MemorySegment records, long segment, Target target) {
        for (; moved < pinned; moved++) {
            long slot = slots[moved];
            long word = words[moved];
            long place = target.put(records, Slot.place(word) - segment, Record.bytes(word));
            if (place < 0) {
                return Result.DAMAGED;
            }
            ownership.replace(slot, word, Slot.moved(word, place), Counters.KEEPER);
        }
        return Result.EMPTIED;
    }

    private void unpinRest() {
        for (; moved < pinned; moved++) {
            ownership.unpin(slots[moved], words[moved]);
        }
        pinned = 0;
        moved = 0;
    }
}
