package dev.ramzswap.store;

import java.lang.foreign.MemorySegment;

/** Has a store drop the slots of which others say, by bits that they set, that they are freed ({@link FreedSlots}). */
public final class FreedWatch {
    private static final long QUIESCENCE_NANOS = 1_000_000_000;

    private final FreedSlots freed;
    private final Activity activity;
    private final Counters counters;

    /** The bits that the daemon had looked at whose pages were taken over, 0 for none. */
    private final long bitsBefore;

    FreedWatch(FreedSlots freed, Activity activity, Counters counters) {
        this.freed = freed;
        this.activity = activity;
        this.counters = counters;
        this.bitsBefore = counters.head().freedBits();
        counters.setFreedBits(0); // Until this one looks at them too.
    }

    /**
     * Drops, from now on, each slot whose bit is set, and clears it, within a moment and before a page is refused;
     * whoever stores a page clears the slot's bit before. So whoever sets a bit must know that nobody needs what was
     * stored until then, and that what is stored from then on comes after. What the bits say already is forgotten.
     *
     * @param bits a bit for each slot, in longs of native byte order, that others set atomically
     * @param name of these bits and no others, not 0, for {@link #takeOver}
     * @return false if that cannot be said, since some operation does not end
     */
    public boolean begin(MemorySegment bits, long name) {
        freed.begin(bits);
        if (!activity.awaitAll(QUIESCENCE_NANOS)) {
            freed.end();
            return false;
        }
        freed.forget();
        freed.sweepFromNowOn();
        counters.setFreedBits(name); // Last: who takes over believes all that they say then.
        return true;
    }

    /**
     * Like {@link #begin}, with what the bits say, before anything is stored.
     *
     * @return false if they are not what the daemon has looked at whose pages these are: it may have stored pages in
     *     slots whose bits are set
     */
    public boolean takeOver(MemorySegment bits, long name) {
        if (name == 0 || name != bitsBefore) {
            return false;
        }
        freed.begin(bits);
        freed.sweepFromNowOn();
        counters.setFreedBits(name);
        return true;
    }

    /** Ends that. Returns whether nobody looks at the bits any more, so that their memory can go. */
    public boolean end() {
        counters.setFreedBits(0);
        freed.end();
        return activity.awaitAll(QUIESCENCE_NANOS);
    }
}
