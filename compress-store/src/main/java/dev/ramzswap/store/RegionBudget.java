package dev.ramzswap.store;

import static dev.ramzswap.store.Region.SHIFT;

/**
 * How many regions there are and may be, and how much of them is live: what may be opened, populated and filled follows
 * from that. Guarded by the pool's lock, but for {@link #isLow}.
 */
final class RegionBudget {
    /** Regions that only compaction may open, so that it can always begin. */
    static final int COMPACTION_RESERVE = 1;

    /** Of the budget, kept free by spilling: a store rarely waits. */
    private static final int LOW_WATER_SHIFT = 4;

    private static final long MAX_LOW_WATER = 16 << 20;

    /** Room for so many low waters is there before pages come back from the file: or they would soon go again. */
    private static final int SPARE_LOW_WATERS = 4;

    private final int count;
    private int regions;
    private long lowWater;
    private long liveBytes;

    /** Regions that are not free. */
    private int used;

    private int ready;
    private int populating;

    /** Regions that compaction has opened where stores might not, less those that were emptied since. */
    private int debt;

    /** Whether a debt was forgiven, and no region retired since, nor the budget set, with memory within it. */
    private boolean isForgiven;

    private volatile boolean isLow;

    /** @param count regions that the pool's file has */
    RegionBudget(int count) {
        this.count = count;
    }

    /** Sets how much memory the regions may take, in bytes. Regions above it are for compaction to empty. */
    void set(long bytes) {
        settle();
        regions = (int) Math.min(Math.max(bytes, 0) >>> SHIFT, count);
        lowWater = Math.min((long) regions << SHIFT >>> LOW_WATER_SHIFT, MAX_LOW_WATER);
        addLive(0);
        settle();
    }

    int regions() {
        return regions;
    }

    // Regions come and go

    /** A free region is to be populated. */
    void take() {
        used++;
        populating++;
    }

    /** A region that has records was found. */
    void adopt() {
        used++;
    }

    /** A region that was taken is ready. */
    void makeReady() {
        populating--;
        ready++;
    }

    /** A ready region is in somebody's hands. */
    void takeReady() {
        ready--;
        populating++;
    }

    /** A ready region is open. If stores might not have it, compaction owes it. */
    void open() {
        if (!mayOpen(false)) {
            debt++;
        }
        ready--;
    }

    /** A region with records has none any more, and is in somebody's hands. */
    void retire() {
        populating++;
        debt = Math.max(debt - 1, 0);
        settle();
    }

    /** A region that was in somebody's hands is free. */
    void free() {
        populating--;
        used--;
    }

    int used() {
        return used;
    }

    int ready() {
        return ready;
    }

    /** Regions without records that are ready, or in somebody's hands. */
    int empty() {
        return ready + populating;
    }

    /** Regions with records in them, or about to have. */
    int inUse() {
        return used - empty();
    }

    /** Bytes of regions with records in them, or about to have. */
    long filledBytes() {
        return (long) inUse() << SHIFT;
    }

    // What there may be

    /** Regions that are kept ready for compaction when memory is above the budget: none if there is nothing to move. */
    int reserve() {
        return inUse() == 0 ? 0 : COMPACTION_RESERVE;
    }

    /** Whether regions in use are more than stores may have. */
    boolean exceeds() {
        return inUse() > regions - COMPACTION_RESERVE;
    }

    private boolean exceedsLimit() {
        return inUse() > regions;
    }

    /** Whether a store may open a ready region, or compaction. */
    boolean mayOpen(boolean forCompaction) {
        return mayHaveOneMore(inUse(), forCompaction);
    }

    /** Whether a region may be populated for a store that opens it then, or for compaction. */
    boolean mayPopulate(boolean forCompaction) {
        return mayHaveOneMore(inUse() + populating, forCompaction);
    }

    private boolean mayHaveOneMore(int taken, boolean forCompaction) {
        return forCompaction ? taken < regions || isOwedRegion() : taken + COMPACTION_RESERVE < regions;
    }

    /** Whether a free region may be taken: within the budget; for compaction also above it, if a region is owed it. */
    boolean mayTake(boolean forCompaction) {
        return used < regions || forCompaction && isOwedRegion();
    }

    /** Whether compaction may have a region above the budget: all of that must be in use, not just about to be. */
    private boolean isOwedRegion() {
        return inUse() >= regions && debt < COMPACTION_RESERVE;
    }

    /**
     * Whether stores may fill holes. Above the budget they may, too, as long as compaction empties a region for each
     * that it opens; if it had to be forgiven one, they would fill what it gathers, and memory would not come down.
     */
    boolean mayFillHoles() {
        return !isForgiven || !exceedsLimit();
    }

    /** A region may have been opened by compaction that is gone, and none emptied for it. */
    void owe() {
        debt++;
    }

    /** Compaction owes nothing any more. Returns whether it did. */
    boolean forgive() {
        boolean isOwing = debt > 0;
        isForgiven |= isOwing;
        debt = 0;
        return isOwing;
    }

    private void settle() {
        if (!exceedsLimit()) {
            isForgiven = false;
        }
    }

    // Live bytes

    void addLive(long bytes) {
        liveBytes += bytes;
        boolean low = availableBytes() < lowWater;
        if (low != isLow) {
            isLow = low;
        }
    }

    /** Bytes of all live records. */
    long liveBytes() {
        return liveBytes;
    }

    /** Whether so little room is left that pages should be spilled. */
    boolean isLow() {
        return isLow;
    }

    /**
     * Whether pages should be spilled: also if there are too many regions, one that is kept for compaction included,
     * and what is live would not get into as many as there may be, with the sixteenth that compaction leaves to holes.
     */
    boolean mustSpill() {
        return isLow || used > regions && liveBytes > forStores() / 16 * 15;
    }

    /** Whether pages may come back from the backing file without being spilled again soon. */
    boolean hasRoomToSpare() {
        return availableBytes() > SPARE_LOW_WATERS * lowWater;
    }

    /** Bytes that could still be allocated, holes included; negative if the budget is exceeded. */
    private long availableBytes() {
        return forStores() - liveBytes;
    }

    private long forStores() {
        return (long) (regions - COMPACTION_RESERVE) << SHIFT;
    }
}
