package dev.ramzswap.store;

import static dev.ramzswap.store.Region.BYTES;
import static dev.ramzswap.store.Region.NONE;
import static dev.ramzswap.store.Region.SHIFT;

import java.io.IOException;

/**
 * What is known of each region of the pool: its state, and how much in it is live. How many there may be is
 * {@link RegionBudget}'s; the memory itself is {@link RegionMemory}'s.
 *
 * <pre>
 *   FREE ─► POPULATING ─► READY ─► OPEN ─► CLOSED ─► EVACUATING ─┬─► POPULATING
 *     ▲         │                            ▲                   ▼
 *     └─────────┘                            └─────────────── UNLISTED ─► POPULATING
 * </pre>
 *
 * <p>POPULATING is in the hands of whoever takes its memory or gives it back; READY has memory and is empty. Records
 * are put into the OPEN region, and into holes of that and of CLOSED ones. From an EVACUATING or UNLISTED region
 * records only go: in the first the {@link Evacuation} takes the holes off their lists, of the second no hole is listed
 * and the {@link Relister} has yet to find them. {@link RegionRings} tell which regions are in a state.
 *
 * <p>Live bytes of a region are the sum over the slot map's words that point there, but for what is just being
 * published or freed. A region is suspect if that was seen not to be so.
 *
 * <p>All is guarded by {@link #lock}, the one lock of the pool, except where a method says that it takes the lock
 * itself. It is a {@link ReentrantLock} since a contended monitor is inflated, which takes native memory.
 */
final class RegionTable implements AutoCloseable {
    static final int FREE = 0;
    static final int POPULATING = 1;
    static final int READY = 2;
    static final int OPEN = 3;
    static final int CLOSED = 4;
    static final int EVACUATING = 5;
    static final int UNLISTED = 6;

    final ShortLock lock = new ShortLock();

    private final RegionEntries entries;

    /** Guarded by the lock, too. */
    final RegionRings rings;

    private final Counters counters;
    private final RegionBudget budget;
    private final int count;

    /** Regions from here on were never used. */
    private int highWater;

    private int openRegion = NONE;

    /** Whether a word was lost whose record is still counted as live, nobody knows in which region. */
    private volatile boolean isMiscounted;

    /** @param poolBytes of the pool's file */
    RegionTable(long poolBytes, Counters counters) throws IOException {
        this.count = (int) (poolBytes >>> SHIFT);
        this.counters = counters;
        this.budget = new RegionBudget(count);
        this.entries = new RegionEntries(count, RegionRings.COUNT, counters);
        this.rings = new RegionRings(entries);
    }

    /** Takes memory for the whole table. */
    void populate() throws IOException {
        entries.populate();
    }

    int count() {
        return count;
    }

    /** Its changes are guarded by the lock, too. */
    RegionBudget budget() {
        return budget;
    }

    // States

    int state(int region) {
        return region < highWater ? entries.state(region) : FREE;
    }

    /** Bytes of a region's live records. */
    int live(int region) {
        return entries.live(region);
    }

    /** How many of a region's holes are listed. */
    int listed(int region) {
        return entries.listed(region);
    }

    void addListed(int region, int holes) {
        entries.addListed(region, holes);
    }

    /**
     * Whether there may be records and holes in the region: any other is not to be looked into, or it would take memory
     * by that. Does not need the lock for a region of which the caller has a word: it was raised before that was
     * published.
     */
    boolean isInUse(int region) {
        return state(region) >= OPEN;
    }

    /** Whether holes of the region are listed, and may be used. */
    boolean isListing(int region) {
        int state = state(region);
        return state == OPEN || state == CLOSED;
    }

    // Memory comes and goes

    /** Takes a free region to be populated, within the budget; for compaction also above it, if a region is owed it. */
    int takeFree(boolean forCompaction) {
        if (!budget.mayTake(forCompaction)) {
            return NONE;
        }
        int region = rings.firstFree();
        if (region == NONE && highWater < count) {
            region = highWater;
            raiseHighWater(region);
        }
        if (region != NONE) {
            take(region);
        }
        return region;
    }

    /** Takes a region which has memory that a dead daemon left; false if it is not free. */
    boolean takeLeftover(int region) {
        raiseHighWater(region);
        boolean isFree = entries.state(region) == FREE;
        if (isFree) {
            take(region);
        }
        return isFree;
    }

    private void take(int region) {
        rings.move(region, POPULATING);
        budget.take();
        counters.addMemory(BYTES);
    }

    /** A region in the caller's hands has memory, and may be opened. */
    void makeReady(int region) {
        budget.makeReady();
        rings.move(region, READY);
    }

    /**
     * Takes a ready region that is not wanted any more: its memory is to be given back, and then it is {@link #free}.
     */
    int takeReady() {
        int region = rings.firstReady();
        if (region != NONE) {
            rings.move(region, POPULATING);
            budget.takeReady();
        }
        return region;
    }

    /** A region in the caller's hands has no memory any more. */
    void free(int region) {
        budget.free();
        rings.move(region, FREE);
        counters.addMemory(-BYTES);
    }

    // Records come and go

    /** Makes a ready region the open one, if there is one and it may be; the one before is to be closed then. */
    int open(boolean forCompaction) {
        int region = rings.firstReady();
        if (region == NONE || !budget.mayOpen(forCompaction)) {
            return NONE;
        }
        budget.open();
        rings.move(region, OPEN);
        openRegion = region;
        return region;
    }

    int openRegion() {
        return openRegion;
    }

    /** Closes the open region, or the one that was it. */
    void close(int region) {
        if (openRegion == region) {
            openRegion = NONE;
        }
        rings.move(region, CLOSED);
    }

    void addLive(int region, int bytes) {
        rings.setLive(region, live(region) + bytes);
        budget.addLive(bytes);
    }

    /**
     * Marks a region in which what a word and what a record says do not agree: its live bytes are to be counted anew.
     */
    void suspect(int region) {
        if (isInUse(region)) {
            rings.setSuspect(region, true);
        }
    }

    /** The live bytes of a suspect region are about to be counted anew. */
    void trust(int region) {
        rings.setSuspect(region, false);
    }

    boolean isSuspect(int region) {
        return entries.isSuspect(region);
    }

    /** The record of a damaged word is still counted as live. Does not need the lock. */
    void miscounted() {
        isMiscounted = true;
    }

    /** Whether {@link #miscounted} was said since the last call. */
    boolean takeMiscounted() {
        boolean wasMiscounted = isMiscounted;
        isMiscounted = false;
        return wasMiscounted;
    }

    /** Nothing more is put into a closed region, or an unlisted one. False if it is neither any more. */
    boolean beginEvacuation(int region) {
        int state = entries.state(region);
        if (state != CLOSED && state != UNLISTED) {
            return false;
        }
        rings.move(region, EVACUATING);
        return true;
    }

    /** Leaves a region, of whose holes none is listed, to the {@link Relister}. */
    void unlist(int region) {
        rings.move(region, UNLISTED);
    }

    /**
     * Marks the unlisted regions that wait longest, as many as there is room for, until {@link #endCount} or a change
     * of their state.
     *
     * @return how many
     */
    int beginCount(int[] into) {
        int marked = 0;
        int region = rings.nextUnlisted();
        while (region != NONE && marked < into.length && (marked == 0 || region != into[0])) {
            entries.setCounted(region, true);
            into[marked++] = region;
            region = rings.nextUnlisted();
        }
        return marked;
    }

    /** Whether a region is marked. Whoever marks it, and changes its state, does not need the lock for that. */
    boolean isCounted(int region) {
        return region < highWater && entries.isCounted(region);
    }

    void endCount(int region) {
        entries.setCounted(region, false);
    }

    /** Corrects the live bytes of an unlisted region. */
    void setLive(int region, int bytes) {
        budget.addLive(bytes - live(region));
        rings.setLive(region, bytes);
    }

    /** All holes of an unlisted region are known again. */
    void list(int region) {
        rings.move(region, CLOSED);
    }

    /** Ends the life of an empty region, of whose holes none is listed: it is in the caller's hands. */
    void retire(int region) {
        rings.setSuspect(region, false);
        rings.move(region, POPULATING);
        budget.retire();
    }

    /** Of all regions no hole is listed any more; none may be open. */
    void unlistAll() {
        for (int region = 0; region < highWater; region++) {
            entries.addListed(region, -listed(region));
            if (entries.state(region) == CLOSED && beginEvacuation(region)) {
                unlist(region);
            }
        }
    }

    // Takeover, before anything else

    /** Counts a live record. Safe from several threads, without the lock. */
    void adopt(int region, int bytes) {
        entries.adopt(region, bytes);
    }

    /**
     * Ends the counting: regions with live records are unlisted, all others free. One that the dead daemon's compaction
     * had opened may be among them, and is owed; if none is, the first victim without room has it forgiven.
     */
    void adopted() {
        budget.owe();
        for (int region = entries.nextTouched(0); region < count; region = entries.nextTouched(region + 1)) {
            if (live(region) > 0) {
                raiseHighWater(region);
                budget.adopt();
                counters.addMemory(BYTES);
                budget.addLive(live(region));
                unlist(region);
            }
        }
    }

    /** Makes a new region known, and all below it, as free ones. */
    private void raiseHighWater(int region) {
        for (; highWater <= region; highWater++) {
            entries.touch(highWater);
            rings.enter(highWater, FREE);
        }
    }

    @Override
    public void close() throws IOException {
        entries.close();
    }
}
