package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.BackingSize;
import dev.ramzswap.backing.Mover;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.function.BooleanSupplier;

/**
 * Moves the live records out of a segment of the backing file. That one is live, its slot's word says: it points to
 * just this place. So no header in the segment needs to be right. All of them are pinned and looked at before the first
 * one is moved: if one is in other hands, or not intact, all stay. Used by one thread.
 *
 * <p>What is not intact is read again, and is kept where it is. It is given up only if it is lost ({@link Suspects}),
 * and only while room is needed that cannot be had otherwise: a segment that is kept for what will not come back must
 * not cost what is there to be stored.
 *
 * <p>Stores, trims and loads go on meanwhile, so a word that was looked at may be another one a moment later. That
 * tells of another place, or of none, and is not ours to judge: it is the word that was found, and no other, that is
 * pinned, or else there is nothing to move.
 */
final class FileMover implements Mover {
    private static final System.Logger LOG = System.getLogger(FileMover.class.getName());

    /** Looks at the content before the whole map is looked at: what is not found may just be being freed. */
    private static final int LOOKS = 3;

    /** Pages that do not fit in a slot's word have records of 24 bytes at least: header and eight bytes of fill. */
    private static final int MOST_RECORDS = BackingFile.SEGMENT_BYTES / 24;

    private static final FailedPieces NO_PIECES = new FailedPieces(0, 0);
    private static final FailedPieces ALL_PIECES = new FailedPieces(-1, -1);

    private static final long AWAIT_NANOS = 20_000_000;

    private final SlotMap map;
    private final BackingFile file;
    private final Ownership ownership;
    private final Activity activity;
    private final Fullness fullness;
    private final BooleanSupplier mayGiveUp;
    private final SecondReading reading;
    private final Samples samples;
    private final Suspects suspects;

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

    /** How many of those pinned are lost; they are at the end of the arrays. */
    private int lost;

    /** The content that is looked at was not read before this. */
    private long lookedAt;

    /** What touches these pieces is given up, if it is not intact. */
    private FailedPieces lostPieces = NO_PIECES;

    /**
     * @param mayGiveUp whether room is needed, as of now, that cannot be had otherwise
     * @param meanwhile is run between reads of which each may take long
     */
    FileMover(
            Parts parts,
            Ownership ownership,
            Activity activity,
            Fullness fullness,
            BooleanSupplier mayGiveUp,
            Runnable meanwhile,
            Workspace work) {
        this.map = parts.map();
        this.file = parts.file();
        this.ownership = ownership;
        this.activity = activity;
        this.fullness = fullness;
        this.mayGiveUp = mayGiveUp;
        this.reading = new SecondReading(map, file, meanwhile, work);
        this.samples = new Samples(map, file, meanwhile, work);
        this.suspects = new Suspects(file.patienceNanos(), file::contentAt);
        this.work = work;
    }

    @Override
    public void beginLook() {
        lookedAt = System.nanoTime();
    }

    @Override
    public boolean isInVain(long segment) {
        return suspects.isLost(segment) && !mayGiveUp.getAsBoolean();
    }

    @Override
    public Result move(MemorySegment records, long segment, int length, Count count, Target target) {
        lostPieces = records.isReadOnly() ? ALL_PIECES : NO_PIECES; // What is not intact in memory never will be.
        Result result = moveFound(records, segment, length, count, target);
        if (result == Result.DAMAGED && !records.isReadOnly()) {
            result = moveDamaged(records, segment, length, count, target);
        }
        if (result == Result.EMPTIED) {
            suspects.forget(segment);
        }
        lookedAt = System.nanoTime();
        return result;
    }

    /** Judges what is not intact, and moves the rest if that is given up. */
    private Result moveDamaged(MemorySegment records, long segment, int length, Count count, Target target) {
        Samples.Found elsewhere = samples.read(segment, length);
        if (elsewhere != Samples.Found.INTACT) {
            return elsewhere == Samples.Found.NONE ? Result.DAMAGED : Result.UNREADABLE;
        }
        FailedPieces failed = reading.run(records, segment, length);
        if (failed.isNone()) {
            suspects.forget(segment);
            return moveFound(records, segment, length, count, target);
        }
        switch (suspects.note(segment, failed, lookedAt, System.nanoTime())) {
            case UNKNOWN -> {
                return Result.KEPT; // Its turn comes when one of those that are remembered was given up.
            }
            case YOUNG -> {
                // What is lost goes before it: it is waited for only if that is to be given up, and cannot be.
                return suspects.isAnyLost() && !mayGiveUp.getAsBoolean() ? Result.KEPT : Result.LATER;
            }
            case UNSTEADY -> {
                return Result.DAMAGED;
            }
            case NEWLY_LOST -> {
                if (!mayGiveUp.getAsBoolean()) {
                    fullness.roomMade(); // It may be had from now on.
                }
            }
            case LOST -> {}
        }
        lostPieces = failed;
        return moveFound(records, segment, length, count, target);
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
            if (SecondReading.isWithin(word, segment, length)) {
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
            bytes += SecondReading.isWithin(word, segment, length) ? padded(word) : 0;
        }
        return bytes;
    }

    private static boolean isAt(long word, long place) {
        return Slot.kind(word) == Slot.KIND_FILE && Slot.place(word) == place;
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
            if (pinned + lost == MOST_RECORDS) {
                return Result.DAMAGED; // Words are: so many records there cannot be.
            }
            if (ownership.pin(slot, word)) {
                return look(records, at, slot, word);
            }
        }
        return Result.EMPTIED;
    }

    /** Whether a pinned record can be moved, or given up. */
    private Result look(MemorySegment records, int at, long slot, long word) {
        found += padded(word);
        if (reading.isShownIntact(records, at, slot, word)) {
            slots[pinned] = slot;
            words[pinned++] = word;
            seal(records, at);
            return Result.EMPTIED;
        }
        lost++;
        slots[MOST_RECORDS - lost] = slot;
        words[MOST_RECORDS - lost] = word;
        return lostPieces.isReasonFor(SecondReading.piecesOf(at, word)) ? Result.EMPTIED : Result.DAMAGED;
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

    /** Moves what is pinned, and gives up what is lost. DAMAGED if there is no room after all. */
    private Result moveAll(MemorySegment records, long segment, Target target) {
        if (lost > 0 && !records.isReadOnly() && !mayGiveUp.getAsBoolean()) {
            return Result.KEPT;
        }
        for (; moved < pinned; moved++) {
            long slot = slots[moved];
            long word = words[moved];
            long place = target.put(records, Slot.place(word) - segment, Record.bytes(word));
            if (place < 0) {
                return Result.DAMAGED;
            }
            ownership.replace(slot, word, Slot.moved(word, place), Counters.KEEPER);
        }
        giveUpLost(segment);
        return Result.EMPTIED;
    }

    private void giveUpLost(long segment) {
        if (lost > 0) {
            LOG.log(
                    Level.ERROR,
                    "backing file: " + lost + " pages are lost that cannot be read back at byte "
                            + BackingSize.positionOf(segment));
        }
        for (; lost > 0; lost--) {
            long slot = slots[MOST_RECORDS - lost];
            ownership.replace(slot, words[MOST_RECORDS - lost], Slot.damaged(slot), Counters.KEEPER);
        }
    }

    private void unpinRest() {
        for (; moved < pinned; moved++) {
            ownership.unpin(slots[moved], words[moved]);
        }
        for (; lost > 0; lost--) {
            ownership.unpin(slots[MOST_RECORDS - lost], words[MOST_RECORDS - lost]);
        }
        pinned = 0;
        moved = 0;
    }
}
