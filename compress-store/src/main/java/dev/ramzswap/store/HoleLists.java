package dev.ramzswap.store;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The pool's holes, in one doubly linked list for each size, with a bitmap of the lists that are not empty. The links
 * lie in the holes themselves ({@link Holes}). How many holes of each region are listed is counted in the
 * {@link RegionTable}: a region may be retired only when none is.
 *
 * <p>Every operation is O(1). A link is checked before it is followed: the hole that it names must be intact, listed,
 * of the same size, and link back. Where memory was damaged nothing is changed, and the pool gives all lists up and
 * makes them again from the slot map. Guarded by the pool's lock.
 */
final class HoleLists {
    private final MemorySegment memory;
    private final Holes holes;
    private final RegionTable regions;
    private final long[] heads = new long[Holes.MAX_UNITS + 1];
    private final long[] filled = new long[(Holes.MAX_UNITS >>> 6) + 1];

    HoleLists(MemorySegment memory, Holes holes, RegionTable regions) {
        this.memory = memory;
        this.holes = holes;
        this.regions = regions;
        Arrays.fill(heads, Holes.NONE);
    }

    /** The smallest size from {@code units} on that has a hole, or a larger number than any. */
    int smallestFrom(int units) {
        int index = units >>> 6;
        long bits = index < filled.length ? filled[index] & -1L << units : 0;
        while (bits == 0) {
            if (++index >= filled.length) {
                return Integer.MAX_VALUE;
            }
            bits = filled[index];
        }
        return (index << 6) + Long.numberOfTrailingZeros(bits);
    }

    /** The first hole of a size, or {@link Holes#NONE}. */
    long first(int units) {
        return heads[units];
    }

    /** Lists a hole. */
    void add(long place, int units) {
        long next = heads[units];
        holes.makeListed(place, units);
        holes.setNext(place, next);
        holes.setPrevious(place, Holes.NONE);
        if (next != Holes.NONE) {
            holes.setPrevious(next, place);
        }
        setHead(units, place);
        regions.addListed(Region.of(place), 1);
    }

    /**
     * Takes the first hole of a size that {@link #smallestFrom} returned off its list; it stays a hole.
     *
     * @return {@link Hole#NONE} if the list is damaged
     */
    long take(int units) {
        long place = first(units);
        return remove(place, units) ? place : Holes.NONE;
    }

    /** Takes a hole off its list; it stays a hole. False if it is in none, or the list is damaged there. */
    boolean remove(long place, int units) {
        if (!isListed(place, units)) {
            return false;
        }
        long next = holes.next(place);
        long previous = holes.previous(place);
        boolean isLinked = isFollowedBy(place, next, units)
                && (previous == Holes.NONE ? heads[units] == place : isLedBy(place, previous, units));
        if (isLinked) {
            unlink(next, previous, units);
            holes.make(place, units);
            regions.addListed(Region.of(place), -1);
        }
        return isLinked;
    }

    private boolean isFollowedBy(long place, long next, int units) {
        return next == Holes.NONE || isListed(next, units) && holes.previous(next) == place;
    }

    private boolean isLedBy(long place, long previous, int units) {
        return isListed(previous, units) && holes.next(previous) == place;
    }

    private void unlink(long next, long previous, int units) {
        if (next != Holes.NONE) {
            holes.setPrevious(next, previous);
        }
        if (previous != Holes.NONE) {
            holes.setNext(previous, next);
        } else {
            setHead(units, next);
        }
    }

    /** Empties all lists: the holes are nobody's until they are found again. */
    void clear() {
        Arrays.fill(heads, Holes.NONE);
        Arrays.fill(filled, 0);
        holes.forgetAll();
    }

    private void setHead(int units, long place) {
        heads[units] = place;
        if (place == Holes.NONE) {
            filled[units >>> 6] &= ~(1L << units);
        } else {
            filled[units >>> 6] |= 1L << units;
        }
    }

    private boolean isListed(long place, int units) {
        return Region.isPlace(place, memory.byteSize())
                && regions.isInUse(Region.of(place))
                && holes.isAt(place)
                && holes.isListed(place)
                && holes.units(place) == units;
    }
}
