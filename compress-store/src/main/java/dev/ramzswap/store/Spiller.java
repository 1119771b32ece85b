package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.store.Counters.Counter;

/**
 * Moves pages from the pool to the backing file while the pool is low on room: incompressible ones first, then the
 * longest unused by the clock algorithm, whose hand goes round the slot map and gives each page that was used since its
 * last visit a second chance. Used by one thread.
 */
final class Spiller {
    private static final long BATCH_BYTES = BackingFile.SEGMENT_BYTES;

    /** Slots that one batch looks at for incompressible pages, which may be few: half a millisecond. */
    private static final long RAW_SCAN_SLOTS = 1 << 16;

    /** How long a page may wait for an empty staging buffer: somebody may wait for this look to end. */
    static final long PATIENCE_NANOS = 50_000_000;

    private final SlotMap map;
    private final RegionTable regions;
    private final Pool pool;
    private final BackingFile file;
    private final Ownership ownership;
    private final Counters counters;

    /** Its record is the one that is being spilled. */
    private final Workspace work;

    /** What the backing file said last: no use in trying page after page if it takes no more. */
    private long refusal;

    private long clockHand;
    private long rawHand;

    Spiller(Parts parts, Ownership ownership, Workspace work) {
        this.map = parts.map();
        this.regions = parts.regions();
        this.pool = parts.pool();
        this.file = parts.file();
        this.counters = parts.counters();
        this.ownership = ownership;
        this.work = work;
    }

    /** Spills a batch if the pool is low; NOTHING also if the backing file is full or has failed for long. */
    Look spill() {
        refusal = 0;
        if (!mustSpill() || regions.budget().liveBytes() == 0) {
            return Look.NOTHING;
        }
        long spilled = counters.get(Counter.HUGE_PAGES) > 0 ? spillIncompressible() : 0;
        if (spilled + spillUnused(BATCH_BYTES - spilled) > 0) {
            return Look.GAINED;
        }
        return refusal == BackingFile.WOULD_WAIT || file.failsForAMoment() ? Look.BLOCKED : Look.NOTHING;
    }

    /** Whether the last {@link #spill} found no room in the file while memory was above its limit. */
    boolean isRefusedAboveLimit() {
        regions.lock.lock();
        try {
            return refusal == BackingFile.NO_ROOM && regions.budget().exceeds();
        } finally {
            regions.lock.unlock();
        }
    }

    private boolean mustSpill() {
        regions.lock.lock();
        try {
            return regions.budget().mustSpill();
        } finally {
            regions.lock.unlock();
        }
    }

    private long spillIncompressible() {
        long spilled = 0;
        long end = Math.min(RAW_SCAN_SLOTS, map.slots());
        for (long i = 0; i < end && spilled < BATCH_BYTES && refusal == 0; i++) {
            long slot = rawHand;
            rawHand = following(slot);
            long word = map.get(slot);
            if (isSpillable(word) && Slot.codec(word) == Codec.RAW) {
                spilled += spill(slot, word);
            }
        }
        return spilled;
    }

    private long spillUnused(long bytes) {
        long spilled = 0;
        // The first turn may only clear the marks of pages that were used.
        int turns = 0;
        while (turns < 3 && spilled < bytes && mustSpill() && refusal == 0) {
            long slot = clockHand;
            clockHand = following(slot);
            turns += clockHand <= slot ? 1 : 0;
            long word = map.get(slot);
            if (isSpillable(word)) {
                if (Slot.isReferenced(word)) {
                    map.compareAndSet(slot, word, Slot.unreferenced(word));
                } else {
                    spilled += spill(slot, word);
                }
            }
        }
        return spilled;
    }

    /** The next slot that may be in use, going round. */
    private long following(long slot) {
        long next = map.nextUsed(slot + 1);
        return next < map.slots() ? next : 0;
    }

    static boolean isSpillable(long word) {
        return Slot.kind(word) == Slot.KIND_POOL && !Slot.isPinned(word);
    }

    /**
     * Spills one page, unless it is damaged: that one is lost.
     *
     * @return the bytes that this freed in the pool
     */
    long spill(long slot, long word) {
        work.begin();
        try {
            return ownership.pin(slot, word) ? spillPinned(slot, word) : 0;
        } finally {
            work.end();
        }
    }

    private long spillPinned(long slot, long word) {
        RecordBuffer record = work.record;
        boolean isIntact = pool.isReadable(word);
        if (isIntact) {
            Record.copy(pool.memory(), Slot.place(word), record.memory, 0, Slot.length(word));
            isIntact = record.isIntact(slot, word);
        }
        if (!isIntact) {
            return ownership.replace(slot, word, Slot.damaged(slot), Counters.KEEPER) ? Slot.length(word) : 0;
        }
        long place = BackingFile.FAILED;
        try {
            record.sealForFile();
            place = file.append(record.memory, 0, record.bytes(), PATIENCE_NANOS);
        } finally {
            if (place < 0) {
                ownership.unpin(slot, word);
            }
        }
        if (place < 0) {
            refusal = place;
            return 0;
        }
        long spilled = Slot.unreferenced(Slot.inFile(Slot.codec(word), Slot.length(word), place));
        if (ownership.replace(slot, word, spilled, Counters.KEEPER)) {
            counters.add(Counter.BD_WRITES, Counters.KEEPER, 1);
        }
        return record.bytes();
    }
}
