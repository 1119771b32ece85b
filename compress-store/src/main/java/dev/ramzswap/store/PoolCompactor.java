package dev.ramzswap.store;

import java.io.IOException;

/**
 * Gives memory of mostly empty regions back, by moving their records into other regions' holes, or into a region that
 * is kept for that. Used by one thread.
 *
 * <p><b>Why it always gets there.</b> Compaction may open one region more than stores may, and owes it until it has
 * emptied one ({@link RegionBudget#mayOpen}). A region's records always fit into an empty region, and stores append
 * nothing to one above the budget; so while nothing is owed, any closed region without pinned records can be emptied,
 * whatever the sizes of the holes elsewhere, and what it held lies without holes then. So as long as more than a
 * sixteenth of a closed region is free, compaction can gather that; and if the live records fit into the regions that
 * there may be with a sixteenth to spare, then some closed region has that much, or the open one: if a page finds no
 * room, that one is closed, too, unless the page fits behind its row.
 *
 * <p><b>Why no debt lasts.</b> A region may be opened and none emptied for it: the victim had a record pinned for so
 * long that its holes were listed, and filled, again; stores used the region up while the limit was higher for a
 * moment; a header was damaged, and all lists were given up. Then a victim finds no room though a region is owed, which
 * tells it: a region opened for that victim would have held its records. So the debt is forgiven, and compaction begins
 * anew. Each forgiving lets at most one region be opened above the budget, and it is paid for when its victim is
 * retired. Left behind is one only by damage, by a change of the limit, and by a record that has been pinned for
 * {@link #MAX_TRIES} looks, or not been published for {@link #MAX_TRIES_WITHOUT_PIN}. From then on stores get no holes
 * either, until memory is within the budget, so that what compaction gathers is not filled again: a pin that lasts
 * leaves one region behind, not one after the other. It comes down when live records fit: above the budget, whatever
 * has a sixteenth free is emptied.
 */
final class PoolCompactor implements Evacuation.Mover {
    /** Of what is filled, left in holes: overwrites fill them again. */
    private static final int HOLES_SHIFT = 5;

    private static final long MIN_HOLE_BYTES = 2 * Region.BYTES;

    /** Live bytes of a region that is worth being emptied. */
    private static final int WORTH_BYTES = Region.BYTES - Region.BYTES / 16;

    /** The same if a page finds no room: what is gathered from it is room for one at least. */
    private static final int WORTH_BYTES_IF_SCARCE = Region.BYTES - 2 * (Record.MAX_UNITS << Record.UNIT_SHIFT);

    /** Looks after which a region in which a record is pinned is left to the {@link Relister}. */
    private static final int MAX_TRIES = 100;

    /**
     * The same if none is: what is counted there is published in a moment, or its word or header is damaged. Then no
     * look ever moves it, and the Relister finds out what it is.
     */
    private static final int MAX_TRIES_WITHOUT_PIN = 2;

    private final RegionTable regions;
    private final Pool pool;
    private final Ownership ownership;
    private final Evacuation evacuation;

    /** In which a record was pinned, or not yet published, when all others were moved. */
    private int unfinished = Region.NONE;

    private int tries;

    PoolCompactor(Parts parts, Ownership ownership) {
        this.regions = parts.regions();
        this.pool = parts.pool();
        this.ownership = ownership;
        this.evacuation = new Evacuation(parts.map(), pool);
    }

    /** Empties one region, if there are so many holes that it is worth it. */
    Look compact() throws IOException {
        return evacuate(victim());
    }

    /** Empties one region, if that makes room for one more page. */
    Look compactForOne() throws IOException {
        return evacuate(victimForOne());
    }

    /**
     * Whether a region is half emptied. It is emptied first, before its holes are found again: if stores filled them,
     * compaction would have used up the region that it may open, and emptied none.
     */
    boolean isUnfinished() {
        return unfinished != Region.NONE;
    }

    /** Whether it is and no pin has to end before: then the next look is not to be waited for. */
    boolean isSoonFinished() {
        return isUnfinished() && !evacuation.metPin();
    }

    /** Goes on with the region that is half emptied. */
    Look proceed() throws IOException {
        return evacuate(unfinished);
    }

    private Look evacuate(int region) throws IOException {
        if (region == Region.NONE) {
            return Look.NOTHING;
        }
        tries = region == unfinished ? tries + 1 : 0;
        unfinished = Region.NONE;
        boolean isSuspect = isSuspect(region); // Then what stays is damaged, most likely.
        Look look = evacuation.run(region, this);
        int mostTries = isSuspect ? 0 : evacuation.metPin() ? MAX_TRIES : MAX_TRIES_WITHOUT_PIN;
        unfinished = look == Look.BLOCKED && tries < mostTries ? region : Region.NONE;
        return look == Look.NOTHING && forgiveDebt() ? Look.GAINED : look;
    }

    private boolean isSuspect(int region) {
        regions.lock.lock();
        try {
            return regions.isSuspect(region);
        } finally {
            regions.lock.unlock();
        }
    }

    private boolean forgiveDebt() {
        regions.lock.lock();
        try {
            return regions.budget().forgive();
        } finally {
            regions.lock.unlock();
        }
    }

    private int victim() {
        regions.lock.lock();
        try {
            long tolerated = Math.max(regions.budget().filledBytes() >>> HOLES_SHIFT, MIN_HOLE_BYTES);
            boolean isWorthwhile = regions.budget().exceeds() || pool.holeBytes() > tolerated;
            int region = isWorthwhile ? regions.rings.emptiest(WORTH_BYTES) : Region.NONE;
            return suspectOr(
                    region == Region.NONE && regions.budget().exceeds()
                            ? pool.open().closeEmpty()
                            : region);
        } finally {
            regions.lock.unlock();
        }
    }

    private int victimForOne() {
        regions.lock.lock();
        try {
            int region = regions.rings.emptiest(WORTH_BYTES_IF_SCARCE);
            return suspectOr(region == Region.NONE ? pool.open().closeSpent(WORTH_BYTES_IF_SCARCE) : region);
        } finally {
            regions.lock.unlock();
        }
    }

    private int suspectOr(int region) {
        int suspect = regions.rings.firstSuspect();
        return suspect != Region.NONE ? suspect : region;
    }

    @Override
    public boolean move(long slot, long word) {
        if (!ownership.pin(slot, word)) {
            return true;
        }
        long place = Pool.NONE;
        try {
            place = pool.allocateForCompaction(Slot.length(word));
        } finally {
            if (place == Pool.NONE) {
                ownership.unpin(slot, word);
            }
        }
        if (place == Pool.NONE) {
            return false;
        }
        Record.copy(pool.memory(), Slot.place(word), pool.memory(), place, Slot.length(word));
        ownership.replace(slot, word, Slot.moved(word, place), Counters.KEEPER);
        return true;
    }
}
