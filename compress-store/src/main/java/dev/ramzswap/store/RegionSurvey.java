package dev.ramzswap.store;

import java.util.Arrays;

/**
 * Finds the live records of a region, and what none of them covers. That a record is live, its slot's word says: it
 * points to just this place. Used by one thread.
 */
final class RegionSurvey {
    static final int UNITS = Region.BYTES >>> Record.UNIT_SHIFT;

    private final SlotMap map;
    private final Pool pool;

    /** One bit for each unit of the region: part of a live record. */
    private final long[] covered = new long[UNITS >>> 6];

    RegionSurvey(SlotMap map, Pool pool) {
        this.map = map;
        this.pool = pool;
    }

    /** Units of the live record that begins at a place within the pool, 0 if none does. */
    static int liveUnits(long place, Pool pool, SlotMap map) {
        if (Region.offset(place) > Region.BYTES - (Record.MIN_UNITS << Record.UNIT_SHIFT)) {
            return 0;
        }
        long word = map.find(Record.slot(pool.memory(), place));
        boolean isLive = Slot.kind(word) == Slot.KIND_POOL && Slot.place(word) == place && pool.isPlaceOf(word);
        return isLive ? Record.units(Slot.length(word)) : 0;
    }

    /**
     * Walks along the row of a region.
     *
     * @return bytes of the live records; fewer than there are, if a damaged header hides one
     */
    int walk(int region) {
        Arrays.fill(covered, 0);
        int bytes = 0;
        long end = Region.start(region + 1);
        for (long place = Region.start(region); place < end; ) {
            int units = liveUnits(place, pool, map);
            if (units > 0) {
                cover(place, units);
                bytes += units << Record.UNIT_SHIFT;
            } else {
                units = pool.holes().isAt(place) ? pool.holes().units(place) : 1;
            }
            place += (long) units << Record.UNIT_SHIFT;
        }
        return bytes;
    }

    /**
     * Looks at the word of every slot, which finds every live record. A slot whose record is not its own is lost.
     *
     * @return bytes of the live records
     */
    int scan(int region, Ownership ownership) {
        Arrays.fill(covered, 0);
        int bytes = 0;
        for (long slot = map.nextUsed(0); slot < map.slots(); slot = map.nextUsed(slot + 1)) {
            long word = map.get(slot);
            if (Slot.kind(word) == Slot.KIND_POOL && Region.of(Slot.place(word)) == region) {
                if (pool.isRecordOf(slot, word)) {
                    cover(Slot.place(word), Record.units(Slot.length(word)));
                    bytes += Record.roomFor(Slot.length(word));
                } else {
                    ownership.lose(slot, word);
                }
            }
        }
        return bytes;
    }

    private void cover(long place, int units) {
        int begin = Region.offset(place) >>> Record.UNIT_SHIFT;
        for (int unit = begin; unit < begin + units; unit++) {
            covered[unit >>> 6] |= 1L << unit;
        }
    }

    /** The first unit from {@code unit} on that is not covered, or {@link #UNITS}. */
    int nextFree(int unit) {
        return next(unit, -1L);
    }

    /** The first unit from {@code unit} on that is covered, or {@link #UNITS}. */
    int nextCovered(int unit) {
        return next(unit, 0);
    }

    private int next(int unit, long inverted) {
        if (unit >= UNITS) {
            return UNITS;
        }
        int index = unit >>> 6;
        long bits = (covered[index] ^ inverted) & -1L << unit;
        while (bits == 0) {
            if (++index == covered.length) {
                return UNITS;
            }
            bits = covered[index] ^ inverted;
        }
        return (index << 6) + Long.numberOfTrailingZeros(bits);
    }
}
