package dev.ramzswap.store;

import static dev.ramzswap.store.Region.SHIFT;

/** How many regions there may be, and how much of them is live. Guarded by the pool's lock, but for {@link #isLow}. */
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

    /** Regions that compaction has opened where stores might not, less those that were emptied since. */
    private int debt;

    /** Whether a debt was forgiven, and memory has not been within the budget since. */
    private boolean isForgiven;

    private volatile boolean isLow;

    /** @param count regions that the pool's file has */
    RegionBudget(int count) {
        this.count = count;
    }

    /** Sets how much memory the regions may take, in bytes. Regions above it are for compaction to empty. */
    void set(long bytes) {
        regions = (int) Math.min(Math.max(bytes, 0) >>> SHIFT, count);
        lowWater = Math.min((long) regions << SHIFT >>> LOW_WATER_SHIFT, MAX_LOW_WATER);
        addLive(0);
    }

    int regions() {
        return regions;
    }

    /** Whether compaction has had what is kept back for it, and must empty a region before it may have another. */
    boolean isReserveOwed() {
        return debt >= COMPACTION_RESERVE;
    }

    void owe() {
        debt++;
    }

    void pay() {
        debt = Math.max(debt - 1, 0);
    }

    /** Memory is within the budget. */
    void settle() {
        isForgiven = false;
    }

    boolean isForgiven() {
        return isForgiven;
    }

    /** Compaction owes nothing any more. Returns whether it did. */
    boolean forgive() {
        boolean isOwing = debt > 0;
        isForgiven |= isOwing;
        debt = 0;
        return isOwing;
    }

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

    /** Whether pages may come back from the backing file without being spilled again soon. */
    boolean hasRoomToSpare() {
        return availableBytes() > SPARE_LOW_WATERS * lowWater;
    }

    /** Bytes that could still be allocated, holes included; negative if the budget is exceeded. */
    private long availableBytes() {
        return ((long) (regions - COMPACTION_RESERVE) << SHIFT) - liveBytes;
    }
}
