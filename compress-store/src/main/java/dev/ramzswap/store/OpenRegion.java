package dev.ramzswap.store;

/** The region at whose end records are appended, if there is one. Guarded by the pool's lock. */
final class OpenRegion {
    private final RegionTable regions;
    private final RegionMemory regionMemory;
    private final Holes holes;
    private final HoleLists lists;

    /** Where its row ends: behind it is nothing yet. */
    private int end;

    OpenRegion(RegionTable regions, RegionMemory regionMemory, Holes holes, HoleLists lists) {
        this.regions = regions;
        this.regionMemory = regionMemory;
        this.holes = holes;
        this.lists = lists;
    }

    boolean is(int region) {
        return region != Region.NONE && region == regions.openRegion();
    }

    int end() {
        return end;
    }

    /** Bytes behind its row; 0 if there is none. */
    int rest() {
        return exists() ? Region.BYTES - end : 0;
    }

    private boolean exists() {
        return regions.openRegion() != Region.NONE;
    }

    /** Takes room behind the row, in a new region if it is full. Returns the place, or {@link Pool#NONE}. */
    long append(int units, boolean forCompaction) {
        int bytes = units << Record.UNIT_SHIFT;
        boolean isFull = bytes > rest();
        // What compaction has opened above the budget is its own: stores would take the room for its victim's records.
        boolean isReserved = !isFull && !forCompaction && regions.budget().exceeds();
        if (isReserved || isFull && !openNext(forCompaction)) {
            return Pool.NONE;
        }
        long place = Region.start(regions.openRegion()) + end;
        end += bytes;
        return place;
    }

    private boolean openNext(boolean forCompaction) {
        int earlier = regions.openRegion();
        if (regions.open(forCompaction) == Region.NONE) {
            return false;
        }
        regionMemory.opened();
        if (earlier != Region.NONE) {
            close(earlier);
        }
        end = 0;
        return true;
    }

    /**
     * Closes it if no largest record fits behind its row, and at most {@code liveBytes} of it are live: what is in its
     * holes can be gathered then, as that of any closed region.
     *
     * @return the region, or {@link Region#NONE}
     */
    int closeSpent(int liveBytes) {
        boolean isSpent = rest() < Record.MAX_UNITS << Record.UNIT_SHIFT;
        return isSpent ? closeSparse(liveBytes) : Region.NONE;
    }

    /** Closes it if nothing in it is live. Returns the region, or {@link Region#NONE}. */
    int closeEmpty() {
        return closeSparse(0);
    }

    private int closeSparse(int liveBytes) {
        int region = regions.openRegion();
        if (region == Region.NONE || regions.live(region) > liveBytes) {
            return Region.NONE;
        }
        close(region);
        return region;
    }

    private void close(int region) {
        while (end < Region.BYTES) {
            int units = Holes.part(Region.BYTES - end >>> Record.UNIT_SHIFT);
            leave(Region.start(region) + end, units);
            end += units << Record.UNIT_SHIFT;
        }
        regions.close(region);
    }

    private void leave(long place, int units) {
        if (units >= Holes.LEAST_LISTED) {
            lists.add(place, units);
        } else {
            holes.make(place, units);
        }
    }
}
