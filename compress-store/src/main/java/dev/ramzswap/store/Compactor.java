package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Empties the pool's regions and the backing file's segments that are mostly holes, by moving their live records
 * elsewhere. A record is live if its slot's word points to it: nothing else needs to be known. Used by one thread.
 */
final class Compactor {
    /** Holes that are left alone: overwrites fill them again. */
    private static final int HOLES_SHIFT = 5;

    private static final long MIN_HOLE_BYTES = 2 * Regions.BYTES;
    private static final int STRIPE = 0;

    private final long slots;
    private final SlotMap map;
    private final Regions regions;
    private final Pool pool;
    private final BackingFile file;
    private final Copies copies;

    Compactor(long slots, SlotMap map, Regions regions, Pool pool, BackingFile file, Copies copies) {
        this.slots = slots;
        this.map = map;
        this.regions = regions;
        this.pool = pool;
        this.file = file;
        this.copies = copies;
    }

    /** Empties one region of the pool, if there are many holes. Returns whether that gave memory back. */
    boolean compactPool() throws IOException {
        long holeBytes = pool.holeBytes();
        boolean isWorthwhile = regions.exceedBudget()
                ? holeBytes >= Regions.BYTES
                : holeBytes > Math.max(regions.filledBytes() >>> HOLES_SHIFT, MIN_HOLE_BYTES);
        int region = isWorthwhile ? pool.beginEvacuation(Regions.BYTES) : Regions.NONE;
        if (region == Regions.NONE) {
            return false;
        }
        long place = Pool.first(region);
        while (place != Pool.NONE && (pool.vacate(place) || moveInPool(place))) {
            place = pool.next(place);
        }
        return pool.endEvacuation(region);
    }

    /** Moves a record out of its region; true also if it is not live (yet, or any more). False if there is no room. */
    boolean moveInPool(long place) {
        MemorySegment memory = pool.memory();
        long slot = Record.slot(memory, place);
        long word = slot < slots ? map.get(slot) : Slot.HOLE;
        if (!isAt(word, Slot.KIND_POOL, place) || !copies.pin(slot, word)) {
            return true;
        }
        long newPlace = pool.allocateForCompaction(Slot.length(word));
        if (newPlace == Pool.NONE) {
            copies.unpin(slot, word);
            return false;
        }
        Record.copy(memory, place, memory, newPlace, Slot.length(word));
        copies.replace(slot, word, Slot.moved(word, newPlace), STRIPE);
        return true;
    }

    /** Empties one segment of the backing file, if room there is short. Returns whether a segment became free. */
    boolean compactFile() {
        return file != null && file.compactionDue() && file.compact(this::moveInFile);
    }

    private void moveInFile(MemorySegment records, long segment, int length) {
        int at = 0;
        while (at + Record.HEADER_BYTES <= length && Record.capacity(records, at) != 0) {
            moveInFile(records, at, segment + at);
            at += Record.units(Record.length(records, at)) << Record.UNIT_SHIFT;
        }
    }

    private void moveInFile(MemorySegment records, int at, long place) {
        long slot = Record.slot(records, at);
        long word = slot < slots ? map.get(slot) : Slot.HOLE;
        if (!isAt(word, Slot.KIND_FILE, place) || !copies.pin(slot, word)) {
            return;
        }
        long newPlace = file.appendMoved(records, at, Record.HEADER_BYTES + Slot.length(word));
        if (newPlace < 0) {
            copies.unpin(slot, word);
            return;
        }
        copies.replace(slot, word, Slot.moved(word, newPlace), STRIPE);
    }

    private static boolean isAt(long word, int kind, long place) {
        return Slot.kind(word) == kind && Slot.place(word) == place && !Slot.isPinned(word);
    }
}
