package dev.ramzswap.store;

import java.io.IOException;

/**
 * Empties one region: nothing more is put into it, its holes are taken off their lists, and each of its live records is
 * given to a mover. An empty region is retired; one in which something is left (pinned, or not yet published) goes to
 * the {@link Relister}, which finds out what of it is free.
 *
 * <p>The whole row is walked in any case, whether records find room or not: a region must never be retired, and used
 * again, while one of its holes is listed. That none is, is counted ({@link RegionTable#listed}), not inferred. Headers
 * on the way may be damaged: then the walk goes on in steps of one unit, since records and holes prove themselves. So
 * it does in room that a store has taken and not yet written to; no hole may prove itself there that is none any more,
 * which is seen to where room is made ({@link RegionMemory#reuse}, {@link Relister}).
 */
final class Evacuation {
    /** Moves a record elsewhere. */
    interface Mover {
        /**
         * Puts the record of a slot's word elsewhere, if it still is that slot's and nobody has it pinned.
         *
         * @return false if there is no room for it, and no use in trying others
         */
        boolean move(long slot, long word);
    }

    private final SlotMap map;
    private final Pool pool;
    private boolean metPin;

    Evacuation(SlotMap map, Pool pool) {
        this.map = map;
        this.pool = pool;
    }

    /**
     * Empties a closed region, or one that is unlisted since something was left in it.
     *
     * @return GAINED if it is retired, NOTHING if there is no room for its records, BLOCKED if some cannot be moved now
     */
    Look run(int region, Mover mover) throws IOException {
        metPin = false;
        if (!pool.beginEvacuation(region)) {
            return Look.BLOCKED;
        }
        boolean hasRoom = false;
        boolean isRetired;
        try {
            hasRoom = walk(region, mover);
        } finally {
            isRetired = pool.endEvacuation(region); // Whatever is thrown: it must not be lost.
        }
        if (isRetired) {
            return Look.GAINED;
        }
        return hasRoom ? Look.BLOCKED : Look.NOTHING;
    }

    /** Whether a record that the last run came by was pinned: it can be moved when it is that no more. */
    boolean metPin() {
        return metPin;
    }

    /** Returns whether there was room for all that could be moved. */
    private boolean walk(int region, Mover mover) {
        boolean hasRoom = true;
        long end = Region.start(region + 1);
        for (long place = Region.start(region); place < end; ) {
            int units = RegionSurvey.liveUnits(place, pool, map);
            if (units > 0) {
                hasRoom = hasRoom && move(place, mover);
            } else {
                units = vacate(place);
            }
            place += (long) units << Record.UNIT_SHIFT;
        }
        return hasRoom;
    }

    /** Header and word may be others than a moment ago; these here are judged, and the word is what will be pinned. */
    private boolean move(long place, Mover mover) {
        long slot = Record.slot(pool.memory(), place);
        long word = map.find(slot);
        boolean isThere = Slot.kind(word) == Slot.KIND_POOL && Slot.place(word) == place;
        boolean isPinned = isThere && Slot.isPinned(word);
        metPin |= isPinned;
        return !isThere || isPinned || mover.move(slot, word);
    }

    /** Returns the size of the hole, or 1 if there is none. */
    private int vacate(long place) {
        if (!pool.holes().isAt(place)) {
            return 1;
        }
        pool.vacate(place);
        return pool.holes().units(place);
    }
}
