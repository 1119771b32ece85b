package dev.ramzswap.store;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.Lock;

/**
 * The RAM that holds records: regions, each a row of records and holes without gap or overlap.
 *
 * <pre>
 *   region:  | record | record crumb | hole | record | ... | (the open region: not yet used)
 * </pre>
 *
 * <p>A record goes into the smallest hole that fits within 3 %, else to the end of the open region, else into a new
 * region, else into any larger hole: all O(1). As most sizes come again, overwrites mostly reuse holes, and no bytes
 * are copied. What a record leaves over of its hole stays behind it as a crumb ({@link Holes}) and joins its place
 * again later. What holes do not give back by themselves, {@link PoolCompactor} does: it moves the records of the
 * emptiest regions elsewhere, and the regions go back to the operating system. So no distribution of sizes can fragment
 * the pool for good, and there are no size classes to round up to.
 *
 * <p><b>What is trusted.</b> A region's live bytes are the sum over the slot map's words that point there, and its free
 * room is what none of them covers: both follow from the map alone ({@link RegionSurvey}). Headers in the pool may be
 * damaged. A record's room is told by its word; a hole proves itself by its check and by its list. Where word and
 * record do not agree, nothing is freed: the region becomes suspect, and is counted anew from the map.
 *
 * <p>Allocating and freeing take one short lock. What a record contains is not the pool's concern: writers fill their
 * own record before they publish it, readers check what they copied. Thread-safe.
 */
final class Pool {
    static final long NONE = -1;

    /** Raw pages that fit in a region: the worst case. */
    static final int RAW_PAGES_PER_REGION = Region.BYTES / (Record.MAX_UNITS << Record.UNIT_SHIFT);

    private static final int UNIT_SHIFT = Record.UNIT_SHIFT;

    /** A hole fits if it is larger by at most a 32nd. */
    private static final int FIT_SHIFT = 5;

    private final MemorySegment memory;
    private final RegionTable regions;
    private final RegionMemory regionMemory;
    private final Holes holes;
    private final HoleLists lists;
    private final OpenRegion open;
    private final Lock lock;

    Pool(MemorySegment memory, RegionTable regions, RegionMemory regionMemory) {
        this.memory = memory;
        this.regions = regions;
        this.regionMemory = regionMemory;
        this.holes = new Holes(memory);
        this.lists = new HoleLists(memory, holes, regions);
        this.open = new OpenRegion(regions, regionMemory, holes, lists);
        this.lock = regions.lock;
    }

    /** Size of the mapped file for so many raw pages, with room for compaction to work in. */
    static long bytes(long rawPages) {
        long regions = Math.ceilDiv(rawPages, RAW_PAGES_PER_REGION);
        return (regions + regions / 12 + 4) << Region.SHIFT;
    }

    /**
     * How many pages certainly fit in so many bytes of regions: a sixteenth is left to fragmentation, and compaction
     * goes on as long as any closed region has that much to give.
     */
    static long rawPages(long regionBytes) {
        // A limit below the size of the tables makes it negative.
        long regions = regionBytes >> Region.SHIFT;
        return Math.max(regions - RegionBudget.COMPACTION_RESERVE, 0) * RAW_PAGES_PER_REGION * 15 / 16;
    }

    MemorySegment memory() {
        return memory;
    }

    Holes holes() {
        return holes;
    }

    HoleLists lists() {
        return lists;
    }

    /** Where records are appended; its changes are guarded by the lock. */
    OpenRegion open() {
        return open;
    }

    /** Where the row of a region ends: behind it is nothing yet. */
    int end(int region) {
        return open.is(region) ? open.end() : Region.BYTES;
    }

    /** Takes room for a record with {@code length} bytes of data. Returns its place, or {@link #NONE}. */
    long allocate(int length) {
        return allocate(Record.units(length), false);
    }

    /** Like {@link #allocate}, and may use the region that is kept back for compaction. */
    long allocateForCompaction(int length) {
        return allocate(Record.units(length), true);
    }

    private long allocate(int units, boolean forCompaction) {
        do {
            long place = allocateSnugly(units, forCompaction);
            if (place != NONE) {
                return place;
            }
        } while (regionMemory.populateOnDemand(forCompaction));
        return allocateAnywhere(units, forCompaction);
    }

    private long allocateSnugly(int units, boolean forCompaction) {
        lock.lock();
        try {
            long place = takeHole(units, units + (units >>> FIT_SHIFT) + 1, forCompaction);
            return place != NONE ? place : append(units, forCompaction);
        } finally {
            lock.unlock();
        }
    }

    private long allocateAnywhere(int units, boolean forCompaction) {
        lock.lock();
        try {
            return takeHole(units, Holes.MAX_UNITS, forCompaction);
        } finally {
            lock.unlock();
        }
    }

    private long takeHole(int units, int maxUnits, boolean forCompaction) {
        if (!forCompaction && !regions.budget().mayFillHoles()) {
            return NONE;
        }
        int size = lists.smallestFrom(units);
        while (size <= maxUnits) {
            long place = lists.take(size);
            if (place == Holes.NONE) {
                giveListsUp();
                return NONE;
            }
            // One of a region that is being evacuated is off its list by this, as it should be.
            if (regions.isListing(Region.of(place))) {
                return allocated(place, units, leaveOver(place + ((long) units << UNIT_SHIFT), size - units));
            }
            size = lists.smallestFrom(units);
        }
        return NONE;
    }

    /** Returns how much of it is a crumb. */
    private int leaveOver(long place, int units) {
        if (units >= Holes.LEAST_SPLIT) {
            lists.add(place, units);
            return 0;
        }
        if (units > 0) {
            holes.make(place, units);
        }
        return units;
    }

    private long append(int units, boolean forCompaction) {
        long place = open.append(units, forCompaction);
        return place == NONE ? NONE : allocated(place, units, 0);
    }

    private long allocated(long place, int units, int crumbUnits) {
        holes.end(place, crumbUnits);
        regions.addLive(Region.of(place), units << UNIT_SHIFT);
        return place;
    }

    /** Whether a record of a word can lie within the pool. */
    boolean isPlaceOf(long word) {
        long place = Slot.place(word);
        return place < memory.byteSize() && Region.offset(place) + Record.roomFor(Slot.length(word)) <= Region.BYTES;
    }

    /** Whether the record that a slot's word points to is that slot's. */
    boolean isRecordOf(long slot, long word) {
        return isPlaceOf(word) && Record.isOf(memory, Slot.place(word), slot, word);
    }

    /** Like {@link #isPlaceOf}, where there is memory: of a word of which that is not known, nothing is to be read. */
    boolean isReadable(long word) {
        return isPlaceOf(word) && regions.isInUse(Region.of(Slot.place(word)));
    }

    /** Gives back the room of the record of a slot's word, which is in the map no more, or never was. */
    void free(long slot, long word) {
        if (!isReadable(word)) {
            return; // A damaged word: whose room that was, nobody knows.
        }
        lock.lock();
        try {
            int region = Region.of(Slot.place(word));
            if (Record.isOf(memory, Slot.place(word), slot, word)) {
                free(Slot.place(word), Record.units(Slot.length(word)), region);
            } else {
                regions.suspect(region);
            }
        } finally {
            lock.unlock();
        }
    }

    private void free(long place, int units, int region) {
        regions.addLive(region, -(units << UNIT_SHIFT));
        if (regions.isListing(region)) {
            lists.add(place, units + crumbUnits(place, units));
        }
    }

    /** Size of the crumb that a record has left over of its hole, 0 if there is none. */
    private int crumbUnits(long place, int units) {
        int crumb = holes.crumbUnits(place);
        if (crumb == 0) {
            return 0; // Most have none: what lies behind is not in the processor's cache.
        }
        long behind = place + ((long) units << UNIT_SHIFT);
        boolean isThere = Region.offset(place) + (units << UNIT_SHIFT) < Region.BYTES
                && holes.isAt(behind)
                && !holes.isListed(behind)
                && holes.units(behind) == crumb
                && crumb + units <= Holes.MAX_UNITS;
        return isThere ? crumb : 0;
    }

    /** Bytes in holes, what the open region has not yet used not among them; takes the lock. */
    long holeBytes() {
        lock.lock();
        try {
            return regions.budget().filledBytes() - regions.budget().liveBytes() - open.rest();
        } finally {
            lock.unlock();
        }
    }

    /**
     * If damage has left live bytes counted that no word tells of any more, has all regions counted anew. Returns
     * whether it has; takes the lock.
     */
    boolean recountDamaged() {
        lock.lock();
        try {
            boolean isMiscounted = regions.takeMiscounted();
            if (isMiscounted) {
                giveListsUp();
            }
            return isMiscounted;
        } finally {
            lock.unlock();
        }
    }

    // Evacuation

    /** Nothing more is put into a closed region. False if it is not closed any more. */
    boolean beginEvacuation(int region) {
        lock.lock();
        try {
            return regions.beginEvacuation(region);
        } finally {
            lock.unlock();
        }
    }

    /** Takes a hole off its list, if it is in one. */
    void vacate(long place) {
        lock.lock();
        try {
            if (holes.isAt(place) && holes.isListed(place)) {
                lists.remove(place, holes.units(place));
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends an evacuation whose holes were all vacated: the region is retired if it is empty, else unlisted.
     *
     * @return whether it is retired
     */
    boolean endEvacuation(int region) throws IOException {
        lock.lock();
        try {
            if (regions.listed(region) != 0) {
                giveListsUp(); // A listed hole was not found in its row: a header there is damaged.
            }
            if (regions.live(region) != 0) {
                regions.unlist(region);
                return false;
            }
            regions.retire(region);
        } finally {
            lock.unlock();
        }
        regionMemory.reuse(region);
        return true;
    }

    /** Memory was damaged: which hole is where follows from the slot map, and the {@link Relister} finds it. */
    private void giveListsUp() {
        lists.clear();
        if (regions.openRegion() != Region.NONE) {
            regions.close(regions.openRegion());
        }
        regions.unlistAll();
    }

    /** Lists a hole that the {@link Relister} has found. */
    void list(long place, int units) {
        lock.lock();
        try {
            if (regions.isListing(Region.of(place))) {
                lists.add(place, units);
            }
        } finally {
            lock.unlock();
        }
    }
}
