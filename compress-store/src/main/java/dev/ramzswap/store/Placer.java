package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import java.nio.ByteBuffer;

/**
 * Finds the place where a new page goes, and puts it there: the slot word itself, the pool, or the backing file. What
 * it returns is a {@link Slot} word that nobody knows yet, or a {@link StoreStatus}. Thread-safe.
 */
final class Placer {
    private final SlotMap map;
    private final RegionTable regions;
    private final RegionMemory regionMemory;
    private final Pool pool;

    /** Null if there is none. */
    private final BackingFile file;

    private final Fullness fullness;
    private final Keeper keeper;
    private final RoomSearch search;
    private final int cutoff;

    Placer(Parts parts, Fullness fullness, Keeper keeper, RoomSearch search, int cutoff) {
        this.map = parts.map();
        this.regions = parts.regions();
        this.regionMemory = parts.regionMemory();
        this.pool = parts.pool();
        this.file = parts.file();
        this.fullness = fullness;
        this.keeper = keeper;
        this.search = search;
        this.cutoff = cutoff;
    }

    /**
     * Places a page; waits as long as {@link Workspace#patience} says for the backing file. WOULD_WAIT if there is no
     * room now, NO_SPACE if there is known to be none.
     */
    long place(long slot, ByteBuffer from, int at, CodecSpec codec, Workspace work) {
        work.isFileBusy = false;
        work.isMapShort = !map.makeResident(slot);
        if (work.isMapShort) {
            return noRoom(fullness.isMemoryShort()); // Compaction may give memory back.
        }
        if (!SameFilled.test(from, at)) {
            work.encode(slot, from, at, codec, cutoff);
        } else {
            long value = SameFilled.value(from, at);
            long word = Slot.fill(slot, value);
            if (word != Slot.HOLE) {
                return word;
            }
            work.encodeFill(slot, value);
        }
        return search.isClosedTo(work) ? StoreStatus.WOULD_WAIT : placeRecord(work);
    }

    private long placeRecord(Workspace work) {
        boolean isLow = regions.budget().isLow();
        keeper.wakeIfNeeded(isLow, regionMemory.isShortOfReady());
        // An incompressible page gains nothing in RAM and would be the first to leave it.
        if (isLow && file != null && work.record.codec() == Codec.RAW) {
            long word = inFile(work, 0);
            if (Slot.isWord(word)) {
                return word;
            }
        }
        long word = inPool(work);
        if (!Slot.isWord(word) && file != null) {
            word = inFile(work, work.patience);
        }
        return Slot.isWord(word) || work.isFileBusy ? word : noRoom(fullness.isFull());
    }

    private static long noRoom(boolean isKnown) {
        return isKnown ? StoreStatus.NO_SPACE : StoreStatus.WOULD_WAIT;
    }

    /** Puts the workspace's record into the pool; WOULD_WAIT if there is no room. */
    private long inPool(Workspace work) {
        RecordBuffer record = work.record;
        long place = pool.allocate(record.length());
        if (place == Pool.NONE) {
            return StoreStatus.WOULD_WAIT;
        }
        Record.copy(record.memory, 0, pool.memory(), place, record.length());
        return Slot.inPool(record.codec(), record.length(), place);
    }

    /**
     * Puts a record that was read from the backing file into the pool; WOULD_WAIT if there is no room, or others look
     * for that.
     */
    long promote(Workspace work) {
        if (search.isClosedTo(work)) {
            return StoreStatus.WOULD_WAIT;
        }
        work.record.sealForPool();
        return inPool(work);
    }

    private long inFile(Workspace work, long patience) {
        RecordBuffer record = work.record;
        record.sealForFile();
        long place = file.append(record.memory, 0, record.bytes(), patience);
        if (place >= 0) {
            return Slot.inFile(record.codec(), record.length(), place);
        }
        record.sealForPool();
        work.isFileBusy = place == BackingFile.WOULD_WAIT || file.failsForAMoment();
        return StoreStatus.WOULD_WAIT;
    }
}
