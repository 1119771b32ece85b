package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.function.LongPredicate;

/**
 * The RAM that holds records: {@link Regions}, each a row of records without gaps.
 *
 * <pre>
 *   region:  | record | record | hole | record | ... | 0 (never written)
 * </pre>
 *
 * <p>A record goes into the smallest hole that fits within 3 %, else to the end of the open region, else into a new
 * region, else into any larger hole: all O(1). As most sizes come again, overwrites mostly reuse holes, and no bytes
 * are copied. What holes do not give back by themselves, {@link Compactor} does: it moves the records of the emptiest
 * region elsewhere, and the region goes back to the operating system. So no distribution of sizes can fragment the pool
 * for good, there are no size classes to round up to, and a row can be walked by its headers alone, which is all that a
 * later daemon needs to find the holes again.
 *
 * <p>The headers in a row are not under a checksum of their own. Damaged ones are never followed out of their region,
 * and cost at worst pages of that region, each of which its own checksum tells.
 *
 * <p>Allocating and freeing take one short lock, the monitor of the regions. What a record contains is not the pool's
 * concern: writers fill their own record before they publish it, readers check what they copied.
 */
final class Pool {
    static final long NONE = -1;

    /** Raw pages that fit in a region: the worst case. */
    static final int RAW_PAGES_PER_REGION = Regions.BYTES / (Record.units(PageStore.SLOT_BYTES) << Record.UNIT_SHIFT);

    private static final int UNIT_SHIFT = Record.UNIT_SHIFT;
    private static final int FIT_SHIFT = 5;
    private static final int SPLIT_UNITS = 32;

    private final MemorySegment memory;
    private final Regions regions;
    private final HoleLists holes;

    private int openRegion = Regions.NONE;
    private int openEnd;

    Pool(MemorySegment memory, Regions regions) {
        this.memory = memory;
        this.regions = regions;
        this.holes = new HoleLists(memory);
    }

    /** Size of the mapped file for so many raw pages, with room for compaction to work in. */
    static long bytes(long rawPages) {
        long regions = Math.ceilDiv(rawPages, RAW_PAGES_PER_REGION);
        return (regions + regions / 12 + 4) << Regions.SHIFT;
    }

    /** How many pages certainly fit in so many bytes of memory, map included; a sixteenth is left to fragmentation. */
    static long rawPages(long bytes, long slots) {
        long regions = (Math.min(bytes, bytes(slots) + SlotMap.bytes(slots)) - SlotMap.bytes(slots)) >> Regions.SHIFT;
        return Math.max(regions - Regions.COMPACTION_RESERVE, 0) * RAW_PAGES_PER_REGION * 15 / 16;
    }

    MemorySegment memory() {
        return memory;
    }

    /** Takes room for a record with {@code length} bytes of data. Returns its place, or {@link #NONE}. */
    long allocate(int length) {
        return allocate(length, Regions.COMPACTION_RESERVE);
    }

    /** Like {@link #allocate}, and may use the region that is kept back for compaction. */
    long allocateForCompaction(int length) {
        return allocate(length, 0);
    }

    private long allocate(int length, int reserve) {
        int units = Math.max(Record.units(length), HoleLists.MIN_UNITS);
        synchronized (regions) {
            long place = takeHole(units, units + (units >>> FIT_SHIFT) + 1);
            if (place == NONE) {
                place = append(units, reserve);
            }
            if (place == NONE) {
                place = takeHole(units, HoleLists.MAX_UNITS);
            }
            return place;
        }
    }

    private long takeHole(int units, int maxUnits) {
        int size = holes.smallestFrom(units);
        while (size <= maxUnits) {
            long place = holes.take(size);
            if (!regions.isEvacuating(Regions.of(place))) {
                return allocated(place, split(place, size, units));
            }
            size = holes.smallestFrom(units);
        }
        return NONE;
    }

    /** Cuts what is left of a much too large hole off, and returns the size of the place. */
    private int split(long place, int size, int units) {
        if (size - units < SPLIT_UNITS) {
            return size;
        }
        // The rest first, then the cut: the row of headers is whole at every moment.
        holes.add(place + ((long) units << UNIT_SHIFT), size - units);
        return units;
    }

    private long append(int units, int reserve) {
        int bytes = units << UNIT_SHIFT;
        boolean isFull = openRegion == Regions.NONE || openEnd + bytes > Regions.BYTES;
        if (isFull && !openRegion(reserve)) {
            return NONE;
        }
        long place = Regions.start(openRegion) + openEnd;
        setOpenEnd(openEnd + bytes);
        return allocated(place, units);
    }

    private long allocated(long place, int units) {
        Record.setCapacity(memory, place, units);
        regions.addLive(Regions.of(place), units << UNIT_SHIFT);
        return place;
    }

    private boolean openRegion(int reserve) {
        int region = regions.open(reserve);
        if (region == Regions.NONE) {
            return false;
        }
        closeOpenRegion();
        openRegion = region;
        openEnd = 0;
        return true;
    }

    private void closeOpenRegion() {
        if (openRegion == Regions.NONE) {
            return;
        }
        long end = Regions.start(openRegion) + openEnd;
        int units = Regions.BYTES - openEnd >>> UNIT_SHIFT;
        setOpenEnd(Regions.BYTES);
        if (units >= HoleLists.MIN_UNITS) {
            holes.add(end, units);
        }
        openRegion = Regions.NONE;
    }

    /** Moves the end of the open region, behind which the row of records ends with a capacity of 0. */
    private void setOpenEnd(int end) {
        if (end < Regions.BYTES) {
            memory.set(JAVA_SHORT_UNALIGNED, Regions.start(openRegion) + end + 4, (short) 0);
        }
        openEnd = end;
    }

    /** Gives back a record's room. */
    void free(long place) {
        synchronized (regions) {
            int units = Record.capacity(memory, place);
            int region = Regions.of(place);
            if (!isCapacity(place, units)) {
                return; // Damaged memory: better to lose the room than to take a neighbour's for it.
            }
            regions.addLive(region, -(units << UNIT_SHIFT));
            if (regions.isEvacuating(region)) {
                Record.markHole(memory, place, units);
            } else {
                holes.add(place, units);
            }
        }
    }

    /** Bytes in holes. */
    long holeBytes() {
        synchronized (regions) {
            int unfilled = openRegion == Regions.NONE ? 0 : Regions.BYTES - openEnd;
            return regions.filledBytes() - regions.liveBytes() - unfilled;
        }
    }

    private static boolean isCapacity(long place, int units) {
        int inRegion = (int) place & Regions.BYTES - 1;
        return units >= HoleLists.MIN_UNITS
                && units <= HoleLists.MAX_UNITS
                && inRegion + (units << UNIT_SHIFT) <= Regions.BYTES;
    }

    // Evacuation of a region: begin, then for each place vacate and move its record away, then end.

    /**
     * Begins to empty the closed region with the fewest live bytes: nothing more is put into it.
     *
     * @return the region, or {@link Regions#NONE} if none has fewer than {@code liveBytes}
     */
    int beginEvacuation(int liveBytes) {
        int region = regions.emptiest(liveBytes, openRegion);
        if (region == Regions.NONE) {
            return region;
        }
        synchronized (regions) {
            return region != openRegion && regions.beginEvacuation(region) ? region : Regions.NONE;
        }
    }

    /** The first place of a region. */
    static long first(int region) {
        return Regions.start(region);
    }

    /** The place behind another one in the same region, or {@link #NONE}. */
    long next(long place) {
        int units = Record.capacity(memory, place);
        long next = place + ((long) units << UNIT_SHIFT);
        boolean isEnd = !isCapacity(place, units) || Regions.of(next) != Regions.of(place);
        return isEnd || Record.capacity(memory, next) == 0 ? NONE : next;
    }

    /** Takes a place in an evacuated region off the hole lists. False if it is not a hole. */
    boolean vacate(long place) {
        synchronized (regions) {
            int units = Record.capacity(memory, place);
            if (Record.isListed(memory, place) && isCapacity(place, units)) {
                holes.remove(place, units);
            }
            return Record.isHole(memory, place);
        }
    }

    /**
     * Ends an evacuation: an empty region is retired, another one gets its holes back.
     *
     * @return whether it was empty
     */
    boolean endEvacuation(int region) throws IOException {
        if (!regions.cancelEvacuation(region)) {
            regions.retire(region);
            return true;
        }
        relist(region);
        return false;
    }

    private void relist(int region) {
        for (long place = first(region); place != NONE; place = next(place)) {
            if (Record.isHole(memory, place)) {
                relist(place);
            }
        }
    }

    private void relist(long place) {
        synchronized (regions) {
            int units = Record.capacity(memory, place);
            if (Record.isHole(memory, place) && !Record.isListed(memory, place) && isCapacity(place, units)) {
                holes.add(place, units);
            }
        }
    }

    // Recovery, before anything else: adopt the regions with live records, then reclaim all others.

    /** How many regions there are. */
    int regions() {
        return regions.count();
    }

    /** Whether there can be a record at a place. */
    boolean isPlace(long place) {
        int inRegion = (int) place & Regions.BYTES - 1;
        return place < memory.byteSize() && inRegion <= Regions.BYTES - (HoleLists.MIN_UNITS << UNIT_SHIFT);
    }

    /**
     * Takes over a region with live records: all else in it is holes. Safe from several threads, each with another
     * region.
     *
     * @param records how many are live
     * @return false if not just so many were found: headers are damaged, and nothing is adopted
     */
    boolean adopt(int region, int records, LongPredicate isLive) {
        regions.mapResident(region);
        int found = 0;
        int bytes = 0;
        long place = first(region);
        long end = place + Regions.BYTES;
        while (place < end) {
            int units = Record.capacity(memory, place);
            if (!isCapacity(place, units)) {
                break;
            }
            if (!isLive.test(place)) {
                Record.markHole(memory, place, units);
            } else {
                found++;
                bytes += units << UNIT_SHIFT;
            }
            place += (long) units << UNIT_SHIFT;
        }
        if (found != records) {
            return false;
        }
        makeHoles(place, end);
        regions.adopt(region, bytes);
        relist(region);
        return true;
    }

    /** Fills what lies behind a row with holes, the last one first: the row is whole at every moment. */
    private void makeHoles(long place, long end) {
        int rest = (int) (end - place >>> UNIT_SHIFT) % HoleLists.MAX_UNITS;
        long at = end - ((long) rest << UNIT_SHIFT);
        if (rest >= HoleLists.MIN_UNITS) {
            Record.markHole(memory, at, rest);
        } else if (rest > 0) {
            Record.setCapacity(memory, at, 0);
        }
        while (at > place) {
            at -= (long) HoleLists.MAX_UNITS << UNIT_SHIFT;
            Record.markHole(memory, at, HoleLists.MAX_UNITS);
        }
    }

    /** Counts the live record at a place, in a region that could not be adopted; false if there cannot be one. */
    boolean adoptRecord(long place) {
        int units = Record.capacity(memory, place);
        boolean isRecord = isCapacity(place, units);
        if (isRecord) {
            regions.adopt(Regions.of(place), units << UNIT_SHIFT);
        }
        return isRecord;
    }

    /** Ends the recovery: what was not adopted is kept ready or given back. */
    void reclaimUnused() throws IOException {
        for (int region = 0; region < regions.count(); region++) {
            if (regions.isFree(region)) {
                regions.reclaim(region);
            }
        }
    }
}
