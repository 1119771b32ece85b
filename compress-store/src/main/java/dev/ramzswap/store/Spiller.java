package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.store.Counters.Counter;

/**
 * Moves pages from the pool to the backing file while the pool is low on room: incompressible ones first, then the
 * longest unused by the clock algorithm, whose hand goes round the slot map and gives each page that was used since its
 * last visit ({@link Slot#REFERENCED}) a second chance. Used by one thread.
 */
final class Spiller {
    private static final long BATCH_BYTES = BackingFile.SEGMENT_BYTES;

    /** Slots that one batch looks at for incompressible pages, which may be few. */
    private static final long RAW_SCAN_SLOTS = 1 << 16;

    private static final int STRIPE = 0;

    private final long slots;
    private final SlotMap map;
    private final Regions regions;
    private final Pool pool;
    private final BackingFile file;
    private final Copies copies;
    private final Counters counters;
    /** The backing file took no more during this batch: no use in trying page after page. */
    private boolean isRefused;

    private long clockHand;
    private long rawHand;

    Spiller(long slots, SlotMap map, Regions regions, Pool pool, BackingFile file, Copies copies, Counters counters) {
        this.slots = slots;
        this.map = map;
        this.regions = regions;
        this.pool = pool;
        this.file = file;
        this.copies = copies;
        this.counters = counters;
    }

    /** Spills a batch if the pool is low. Returns whether it spilled anything. */
    boolean spill() {
        if (file == null || !regions.isLow() || regions.liveBytes() == 0) {
            return false;
        }
        isRefused = false;
        long spilled = 0;
        if (counters.get(Counter.HUGE_PAGES) > 0) {
            spilled = spillIncompressible();
        }
        return spilled + spillUnused(BATCH_BYTES - spilled) > 0;
    }

    private long spillIncompressible() {
        long spilled = 0;
        long end = Math.min(RAW_SCAN_SLOTS, slots);
        for (long i = 0; i < end && spilled < BATCH_BYTES && !isRefused; i++) {
            long slot = rawHand;
            rawHand = next(slot);
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
        for (long i = 0; i < 2 * slots && spilled < bytes && regions.isLow() && !isRefused; i++) {
            long slot = clockHand;
            clockHand = next(slot);
            long word = map.get(slot);
            if (isSpillable(word)) {
                if ((word & Slot.REFERENCED) != 0) {
                    map.compareAndSet(slot, word, word & ~Slot.REFERENCED);
                } else {
                    spilled += spill(slot, word);
                }
            }
        }
        return spilled;
    }

    private long next(long slot) {
        return slot + 1 == slots ? 0 : slot + 1;
    }

    static boolean isSpillable(long word) {
        return Slot.kind(word) == Slot.KIND_POOL && !Slot.isPinned(word);
    }

    /** Spills one page and returns the bytes that this freed in the pool; 0 if it could not. */
    long spill(long slot, long word) {
        if (!copies.pin(slot, word)) {
            return 0;
        }
        int bytes = Record.HEADER_BYTES + Slot.length(word);
        long place = file.append(pool.memory(), Slot.place(word), bytes);
        if (place < 0) {
            isRefused = true;
            copies.unpin(slot, word);
            return 0;
        }
        long spilled = Slot.inFile(Slot.codec(word), Slot.length(word), place) & ~Slot.REFERENCED;
        if (copies.replace(slot, word, spilled, STRIPE)) {
            counters.add(Counter.BD_WRITES, STRIPE, 1);
        }
        return bytes;
    }
}
