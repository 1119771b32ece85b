package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.ramzswap.linux.MappedFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.LongPredicate;

/**
 * The RAM that holds records: regions of 256 KiB in one sparse mapped file, each a row of records without gaps.
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
 * <p>Allocating and freeing take one short lock. What a record contains is not the pool's concern: writers fill their
 * own record before they publish it, readers check what they copied.
 */
final class Pool implements AutoCloseable {
    static final long NONE = -1;
    static final int REGION_SHIFT = 18;
    static final int REGION_BYTES = 1 << REGION_SHIFT;

    /** Raw pages that fit in a region: the worst case. */
    static final int RAW_PAGES_PER_REGION = REGION_BYTES / (Record.units(PageStore.SLOT_BYTES) << Record.UNIT_SHIFT);

    /** Regions that only compaction may take, so that it can always begin. */
    static final int COMPACTION_RESERVE = 1;

    private static final int UNIT_SHIFT = Record.UNIT_SHIFT;
    private static final int FIT_SHIFT = 5;
    private static final int SPLIT_UNITS = 32;
    private static final int SPARE_LOW_WATERS = 4;
    private static final int LOW_WATER_SHIFT = 4;
    private static final long MAX_LOW_WATER = 16 << 20;
    private static final int PAGE_MASK = 4095;

    private static final int FREE = -1;
    private static final int READY = -2;
    private static final int EVACUATING = 1 << 30;

    private final MappedFile file;
    private final MemorySegment memory;
    private final Counters counters;
    private final int regions;

    /**
     * For each region: bytes of its places that are not holes, plus {@link #EVACUATING}; or {@link #FREE}, or
     * {@link #READY}: populated and empty, or about to be.
     */
    private final MemorySegment live;

    private final Arena arena = Arena.ofShared();
    private final HoleLists holes;

    private int maxRegions;
    private long lowWater;
    private volatile boolean isLow;
    /** Regions that are not free, the ready ones included. */
    private int usedRegions;

    /** The ready regions, and how many there should be. */
    private final int[] ready;

    private int readyRegions;
    private volatile boolean isShortOfReady;

    /** 1 while a region is being populated. */
    private int populating;

    private int highWater;
    private int lowestFree;
    private int openRegion = -1;
    private int openEnd;
    private long liveBytes;

    /** @param ahead bytes of regions to keep ready; see {@link StoreConfig} */
    Pool(MappedFile file, Counters counters, long ahead) {
        this.file = file;
        this.memory = file.memory();
        this.counters = counters;
        this.regions = (int) (memory.byteSize() >>> REGION_SHIFT);
        this.live = arena.allocate((long) regions * Integer.BYTES, Integer.BYTES);
        live.fill((byte) 0xff);
        this.ready = new int[(int) Math.min(Math.ceilDiv(ahead, REGION_BYTES), regions)];
        this.holes = new HoleLists(memory);
    }

    /** Size of the mapped file for so many raw pages, with room for compaction to work in. */
    static long bytes(long rawPages) {
        long regions = Math.ceilDiv(rawPages, RAW_PAGES_PER_REGION);
        return (regions + regions / 12 + 4) << REGION_SHIFT;
    }

    /** How many pages certainly fit in so many bytes of memory, map included; a sixteenth is left to fragmentation. */
    static long rawPages(long bytes, long slots) {
        long regions = (Math.min(bytes, bytes(slots) + SlotMap.bytes(slots)) - SlotMap.bytes(slots)) >> REGION_SHIFT;
        return Math.max(regions - COMPACTION_RESERVE, 0) * RAW_PAGES_PER_REGION * 15 / 16;
    }

    MemorySegment memory() {
        return memory;
    }

    /** Takes room for a record with {@code length} bytes of data. Returns its place, or {@link #NONE}. */
    long allocate(int length) {
        return allocate(length, COMPACTION_RESERVE);
    }

    /** Like {@link #allocate}, and may use the region that is kept back for compaction. */
    long allocateForCompaction(int length) {
        return allocate(length, 0);
    }

    private synchronized long allocate(int length, int reserve) {
        int units = Math.max(Record.units(length), HoleLists.MIN_UNITS);
        long place = takeHole(units, units + (units >>> FIT_SHIFT) + 1);
        if (place == NONE) {
            place = append(units, reserve);
        }
        if (place == NONE) {
            place = takeHole(units, HoleLists.MAX_UNITS);
        }
        return place;
    }

    private long takeHole(int units, int maxUnits) {
        int size = holes.smallestFrom(units);
        while (size <= maxUnits) {
            long place = holes.take(size);
            if (!isEvacuating(region(place))) {
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
        if (openRegion < 0 || openEnd + bytes > REGION_BYTES) {
            if (!openRegion(reserve)) {
                return NONE;
            }
        }
        long place = start(openRegion) + openEnd;
        setOpenEnd(openEnd + bytes);
        return allocated(place, units);
    }

    private long allocated(long place, int units) {
        Record.setCapacity(memory, place, units);
        addLive(region(place), units << UNIT_SHIFT);
        return place;
    }

    private boolean openRegion(int reserve) {
        int region = ready.length > 0 ? takeReady(reserve) : takeFree(reserve);
        if (region < 0) {
            return false;
        }
        closeOpenRegion();
        setLive(region, 0);
        openRegion = region;
        openEnd = 0;
        return true;
    }

    private int takeReady(int reserve) {
        boolean isAllowed = readyRegions > 0 && usedRegions - readyRegions + reserve < maxRegions;
        if (!isAllowed) {
            return -1;
        }
        readyRegions--;
        isShortOfReady = readyRegions <= ready.length / 2;
        return ready[readyRegions];
    }

    private int takeFree(int reserve) {
        if (usedRegions + reserve >= maxRegions) {
            return -1;
        }
        for (int region = lowestFree; region < regions; region++) {
            if (liveOf(region) == FREE) {
                lowestFree = region + 1;
                usedRegions++;
                highWater = Math.max(highWater, region + 1);
                return region;
            }
        }
        lowestFree = regions;
        return -1;
    }

    private void closeOpenRegion() {
        if (openRegion < 0) {
            return;
        }
        long end = start(openRegion) + openEnd;
        int units = REGION_BYTES - openEnd >>> UNIT_SHIFT;
        setOpenEnd(REGION_BYTES);
        if (units >= HoleLists.MIN_UNITS) {
            holes.add(end, units);
        }
        openRegion = -1;
    }

    /** Moves the end of the open region, behind which the row of records ends with a capacity of 0. */
    private void setOpenEnd(int end) {
        if (end < REGION_BYTES) {
            memory.set(JAVA_SHORT_UNALIGNED, start(openRegion) + end + 4, (short) 0);
        }
        if (ready.length == 0) {
            // Without population, a region becomes resident page by page.
            counters.addMemory((end + PAGE_MASK & ~PAGE_MASK) - (openEnd + PAGE_MASK & ~PAGE_MASK));
        }
        openEnd = end;
    }

    /** Gives back a record's room. */
    synchronized void free(long place) {
        int units = Record.capacity(memory, place);
        int region = region(place);
        addLive(region, -(units << UNIT_SHIFT));
        if (isEvacuating(region)) {
            Record.markHole(memory, place, units);
        } else {
            holes.add(place, units);
        }
    }

    /** Sets how much memory the regions may take, in bytes. Regions above it are for {@link Compactor} to empty. */
    synchronized void setBudget(long bytes) {
        maxRegions = (int) Math.min(Math.max(bytes, 0) >>> REGION_SHIFT, regions);
        lowWater = Math.min((long) maxRegions << REGION_SHIFT >>> LOW_WATER_SHIFT, MAX_LOW_WATER);
        updateIsLow();
    }

    /** Whether so little room is left within the budget that pages should be spilled. */
    boolean isLow() {
        return isLow;
    }

    /** Whether pages may come back from the backing file without being spilled again soon. */
    synchronized boolean hasRoomToSpare() {
        return availableBytes() > SPARE_LOW_WATERS * lowWater;
    }

    private void updateIsLow() {
        boolean low = availableBytes() < lowWater;
        if (low != isLow) {
            isLow = low;
        }
    }

    /** Bytes that could still be allocated within the budget, holes included; negative if the budget is exceeded. */
    synchronized long availableBytes() {
        return ((long) (maxRegions - COMPACTION_RESERVE) << REGION_SHIFT) - liveBytes;
    }

    /** Bytes of places that are not holes. */
    synchronized long liveBytes() {
        return liveBytes;
    }

    /** Bytes in holes. */
    synchronized long holeBytes() {
        long filled = (long) (usedRegions - readyRegions - populating) << REGION_SHIFT;
        return filled - liveBytes - (openRegion < 0 ? 0 : REGION_BYTES - openEnd);
    }

    /** Bytes in regions, used or not. */
    synchronized long regionBytes() {
        return (long) usedRegions << REGION_SHIFT;
    }

    synchronized boolean exceedsBudget() {
        return usedRegions - readyRegions > maxRegions - COMPACTION_RESERVE;
    }

    // Evacuation of a region: begin, then for each place vacate and move its record away, then end.

    /**
     * Begins to empty the closed region with the fewest live bytes: nothing more is put into it.
     *
     * @return the region, or -1 if none has fewer than {@code liveBytes}
     */
    int beginEvacuation(int liveBytes) {
        int emptiest = -1;
        int fewest = liveBytes;
        // Without the lock, since it can take long: a stale figure only makes a worse choice.
        int end = highWater;
        for (int region = 0; region < end; region++) {
            int bytes = liveOf(region);
            if (bytes >= 0 && bytes < fewest && region != openRegion) {
                emptiest = region;
                fewest = bytes;
            }
        }
        return emptiest >= 0 && markEvacuating(emptiest) ? emptiest : -1;
    }

    private synchronized boolean markEvacuating(int region) {
        int bytes = liveOf(region);
        if (region == openRegion || bytes == FREE) {
            return false;
        }
        setLive(region, bytes | EVACUATING);
        return true;
    }

    /** The first place of a region. */
    static long first(int region) {
        return start(region);
    }

    /** The place behind another one in the same region, or {@link #NONE}. */
    long next(long place) {
        long next = place + ((long) Record.capacity(memory, place) << UNIT_SHIFT);
        boolean isEnd = (next & REGION_BYTES - 1) == 0 || Record.capacity(memory, next) == 0;
        return isEnd ? NONE : next;
    }

    /** Takes a place in an evacuated region off the hole lists. False if it is not a hole. */
    synchronized boolean vacate(long place) {
        if (Record.isListed(memory, place)) {
            holes.remove(place, Record.capacity(memory, place));
        }
        return Record.isHole(memory, place);
    }

    /**
     * Ends an evacuation: an empty region goes back to the operating system, another one gets its holes back.
     *
     * @return whether it was empty
     */
    boolean endEvacuation(int region) throws IOException {
        if ((liveOf(region) & ~EVACUATING) != 0) {
            unmarkEvacuating(region);
            for (long place = first(region); place != NONE; place = next(place)) {
                relist(place);
            }
            return false;
        }
        if (!keepReady(region)) {
            giveBack(region);
        }
        return true;
    }

    private synchronized boolean keepReady(int region) {
        boolean isWanted = readyRegions + populating < ready.length && usedRegions <= maxRegions;
        if (isWanted) {
            setLive(region, READY);
            ready[readyRegions++] = region;
        }
        return isWanted;
    }

    private void giveBack(int region) throws IOException {
        try {
            file.release(start(region), REGION_BYTES);
        } finally {
            released(region);
        }
    }

    private synchronized void released(int region) {
        setLive(region, FREE);
        usedRegions--;
        lowestFree = Math.min(lowestFree, region);
        counters.addMemory(-REGION_BYTES);
    }

    // Population, by one thread.

    /** Whether half of the ready regions are used up: time to populate more. */
    boolean isShortOfReady() {
        return isShortOfReady;
    }

    /** Whether there is no room now, but there will be when more memory is populated. */
    synchronized boolean isWaitingForMemory() {
        return ready.length > 0 && readyRegions == 0 && usedRegions < maxRegions;
    }

    /** Populates one more region if there are too few ready ones and the budget allows it. False if not. */
    boolean populate() throws IOException {
        int region = beginPopulation();
        if (region < 0) {
            return false;
        }
        try {
            file.populate(start(region), REGION_BYTES);
        } catch (IOException e) {
            endPopulation();
            giveBack(region);
            throw e;
        }
        populated(region);
        return true;
    }

    private synchronized int beginPopulation() {
        int region = readyRegions < ready.length ? takeFree(0) : -1;
        if (region >= 0) {
            setLive(region, READY);
            populating++;
            counters.addMemory(REGION_BYTES);
        }
        return region;
    }

    private synchronized void endPopulation() {
        populating--;
    }

    private synchronized void populated(int region) {
        populating--;
        ready[readyRegions++] = region;
        isShortOfReady = false;
    }

    /** Gives a ready region back if the budget is exceeded. False if not. */
    boolean depopulate() throws IOException {
        int region = takeExcess();
        if (region < 0) {
            return false;
        }
        giveBack(region);
        return true;
    }

    private synchronized int takeExcess() {
        return usedRegions > maxRegions && readyRegions > 0 ? ready[--readyRegions] : -1;
    }

    private synchronized void unmarkEvacuating(int region) {
        setLive(region, liveOf(region) & ~EVACUATING);
    }

    private synchronized void relist(long place) {
        if (Record.isHole(memory, place) && !Record.isListed(memory, place)) {
            holes.add(place, Record.capacity(memory, place));
        }
    }

    // Recovery, before anything else: adopt each live record, then all the rest is holes.

    /** Counts the record at a place as live; false if there cannot be such a record. */
    boolean adopt(long place, long slot, int length) {
        int inRegion = (int) place & REGION_BYTES - 1;
        if (place >= (long) regions << REGION_SHIFT || inRegion > REGION_BYTES - (HoleLists.MIN_UNITS << UNIT_SHIFT)) {
            return false;
        }
        int units = Record.capacity(memory, place);
        if (Record.slot(memory, place) != slot
                || units < Record.units(length)
                || inRegion + (units << UNIT_SHIFT) > REGION_BYTES) {
            return false;
        }
        int region = region(place);
        if (liveOf(region) == FREE) {
            setLive(region, 0);
            usedRegions++;
            highWater = Math.max(highWater, region + 1);
            counters.addMemory(REGION_BYTES);
        }
        addLive(region, units << UNIT_SHIFT);
        return true;
    }

    /** Ends the recovery: lists the holes of used regions, and gives unused regions back. */
    void adopted(LongPredicate isLive) throws IOException {
        int firstUnused = 0;
        for (int region = 0; region < regions; region++) {
            if (liveOf(region) != FREE) {
                release(firstUnused, region);
                firstUnused = region + 1;
                listHoles(region, isLive);
            }
        }
        release(firstUnused, regions);
    }

    private void release(int fromRegion, int toRegion) throws IOException {
        if (fromRegion < toRegion) {
            file.release(start(fromRegion), (long) (toRegion - fromRegion) << REGION_SHIFT);
        }
    }

    private void listHoles(int region, LongPredicate isLive) {
        long place = first(region);
        long end = place + REGION_BYTES;
        int units;
        while (place < end && (units = Record.capacity(memory, place)) != 0) {
            long next = place + ((long) units << UNIT_SHIFT);
            if (units < HoleLists.MIN_UNITS || next > end) {
                return;
            }
            if (!isLive.test(place)) {
                holes.add(place, units);
            }
            place = next;
        }
        // Nothing was ever put behind the end of what was the open region.
        while (end - place >= HoleLists.MIN_UNITS << UNIT_SHIFT) {
            units = (int) Math.min(end - place >>> UNIT_SHIFT, HoleLists.MAX_UNITS);
            holes.add(place, units);
            place += (long) units << UNIT_SHIFT;
        }
        if (place < end) {
            Record.setCapacity(memory, place, 0);
        }
    }

    private boolean isEvacuating(int region) {
        return (liveOf(region) & EVACUATING) != 0;
    }

    private int liveOf(int region) {
        return live.get(JAVA_INT, (long) region << 2);
    }

    private void setLive(int region, int bytes) {
        live.set(JAVA_INT, (long) region << 2, bytes);
    }

    private void addLive(int region, int bytes) {
        setLive(region, liveOf(region) + bytes);
        liveBytes += bytes;
        updateIsLow();
    }

    private static int region(long place) {
        return (int) (place >>> REGION_SHIFT);
    }

    private static long start(int region) {
        return (long) region << REGION_SHIFT;
    }

    @Override
    public void close() {
        arena.close();
    }
}
