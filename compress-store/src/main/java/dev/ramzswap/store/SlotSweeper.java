package dev.ramzswap.store;

import dev.ramzswap.store.Counters.Counter;

/** Drops what is stored in slots that the kernel has freed. Used by one thread. */
final class SlotSweeper implements AutoCloseable {
    private final SlotMap map;
    private final Counters counters;
    private final Ownership ownership;
    private final FreedSlots freed;

    /** Who is at work: what is taken out of the map is freed a moment later. */
    private final Workspace work;

    private final FreedSlots.Drop drop = this::drop;

    private boolean isClosed;

    SlotSweeper(Parts parts, Ownership ownership, FreedSlots freed, Activity activity) {
        this.map = parts.map();
        this.counters = parts.counters();
        this.ownership = ownership;
        this.freed = freed;
        this.work = new Workspace(Counters.KEEPER, null, parts.fileSeal(), activity);
    }

    /** Returns how many pages there were. */
    long sweep() {
        return freed.sweep(drop);
    }

    private int drop(long first, long freed) {
        int dropped = 0;
        work.begin();
        try {
            for (long left = freed; left != 0; left &= left - 1) {
                dropped += dropOne(first + Long.numberOfTrailingZeros(left));
            }
        } finally {
            work.end();
        }
        counters.add(Counter.FREED_SLOTS, Counters.KEEPER, dropped);
        return dropped;
    }

    private int dropOne(long slot) {
        if (map.find(slot) == Slot.HOLE) {
            return 0;
        }
        ownership.publish(slot, Slot.HOLE, Counters.KEEPER);
        return 1;
    }

    /** The second time it does nothing. */
    @Override
    public void close() {
        if (!isClosed) {
            isClosed = true;
            work.close();
        }
    }
}
