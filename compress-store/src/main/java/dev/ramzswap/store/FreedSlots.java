package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Slots that the kernel has freed, a bit for each, in memory that it shares: whoever sees the kernel free a slot sets
 * its bit, atomically. A device is told of no such thing otherwise: of a discard only when a whole cluster is free, and
 * only if it was asked for.
 *
 * <p><b>Why no page is dropped that is needed.</b> The kernel frees a slot when nothing refers to it any more, and it
 * gives the slot out again only afterwards (mm/swapfile.c: {@code swap_range_free}, the bit is set in there or before);
 * it does not free one that is being written, since the page in the swap cache holds it until then. So of free, reuse
 * and WRITE each comes before the next, and whoever stores a page sees the bit of the last free before that.
 *
 * <ul>
 *   <li>A store that sees the bit clears it, under the lock, before it publishes its page.
 *   <li>A sweep looks at the bit under the lock, drops what the slot holds if it is set, and clears it only then. So
 *       whoever stores into that slot meanwhile waits for the lock, and publishes after the drop. It does so for all
 *       bits of a word at once, which take some microseconds; who stores where no bit is set does not wait.
 *   <li>A bit that is set later is of a later free.
 *   <li>A slot that is freed and reused between two looks of the sweep has been stored into by the next look, and that
 *       store has cleared the bit; or its WRITE is still to come, and what the sweep drops is the page before it.
 *   <li>A swapoff ends what is told where the kernel enters that call, so before the same area, or another, can be
 *       swapped on and reuse a slot. A bit that is left from before that is cleared by the store that reuses its slot,
 *       as ever; of bits at which no daemon looked meanwhile, {@link #forget} clears all before the first look.
 * </ul>
 *
 * What was stored twice, since the kernel repeated a WRITE whose reply was lost, and comes late, finds no bit: it stays
 * until the slot is written or freed again.
 *
 * <p>Thread-safe.
 */
final class FreedSlots {
    /** Drops what is stored in slots that were freed. */
    interface Drop {
        /**
         * @param freed those whose bits are set; bit 0 is that of slot {@code first}
         * @return in how many of them anything was
         */
        int drop(long first, long freed);
    }

    private static final VarHandle WORD = JAVA_LONG.varHandle();

    private final long slots;
    private final ShortLock lock = new ShortLock();

    /** Of who looks at all bits, and of the two below. */
    private final ReentrantLock sweeping = new ReentrantLock();

    /** Null if nobody tells. */
    private volatile MemorySegment bits;

    /** Whether what they say is done, and not only undone. */
    private boolean isSwept;

    FreedSlots(long slots) {
        this.slots = slots;
    }

    /**
     * Stores clear their slots' bits from now on.
     *
     * @param bits the first of which is that of slot 0; at least as many as slots, in whole longs
     */
    void begin(MemorySegment bits) {
        set(bits, false);
    }

    /** Forgets what the bits said until now, as stores may have come between that and {@link #begin}. */
    void forget() {
        MemorySegment bits = this.bits;
        for (long first = 0; first < slots; first += Long.SIZE) {
            WORD.setVolatile(bits, offset(first), 0L);
        }
    }

    /** Has what the bits say done: each store that is under way has seen them, and those before are told of. */
    void sweepFromNowOn() {
        set(bits, true);
    }

    /** Looks at no bit any more; who is storing a page just now may yet. */
    void end() {
        set(null, false);
    }

    private void set(MemorySegment bits, boolean isSwept) {
        sweeping.lock();
        try {
            this.bits = bits;
            this.isSwept = isSwept;
        } finally {
            sweeping.unlock();
        }
    }

    /** A page is about to be stored there. */
    void take(long slot) {
        MemorySegment bits = this.bits;
        if (bits != null && contains(bits, slot)) {
            lock.lock();
            try {
                remove(bits, slot, 1L << slot);
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * Has each slot dropped that was freed since the last time.
     *
     * @return in how many of them anything was
     */
    long sweep(Drop drop) {
        sweeping.lock();
        try {
            return isSwept ? sweep(bits, drop) : 0;
        } finally {
            sweeping.unlock();
        }
    }

    private long sweep(MemorySegment bits, Drop drop) {
        long swept = 0;
        for (long first = 0; first < slots; first += Long.SIZE) {
            if (word(bits, first) != 0) {
                swept += sweepWord(bits, first, drop);
            }
        }
        return swept;
    }

    private int sweepWord(MemorySegment bits, long first, Drop drop) {
        lock.lock();
        try {
            long freed = word(bits, first);
            int swept = drop.drop(first, freed);
            remove(bits, first, freed);
            return swept;
        } finally {
            lock.unlock();
        }
    }

    private static boolean contains(MemorySegment bits, long slot) {
        return (word(bits, slot) & 1L << slot) != 0;
    }

    private static void remove(MemorySegment bits, long slot, long freed) {
        long _ = (long) WORD.getAndBitwiseAnd(bits, offset(slot), ~freed);
    }

    private static long word(MemorySegment bits, long slot) {
        return (long) WORD.getVolatile(bits, offset(slot));
    }

    private static long offset(long slot) {
        return slot / Long.SIZE * Long.BYTES;
    }
}
