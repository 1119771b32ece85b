package dev.ramzswap.bench;

import java.lang.foreign.MemorySegment;

/**
 * What every slot of a device must read as, from a counter of its writes: the page of a slot and a counter is found by
 * multiplying, so that neighbours differ and every overwrite changes the slot's page. Four bytes for each slot; 0 is
 * never written, negative is trimmed after that many writes. A slot may be used by one thread at a time.
 */
final class DeviceContent {
    /** Spreads neighbouring slots over the pages (2^32 / golden ratio); the second spreads a slot's overwrites. */
    private static final long SLOT_FACTOR = 2_654_435_769L;

    private static final long WRITE_FACTOR = 40_503L;

    private final Pages pages;
    private final int[] writes;

    DeviceContent(Pages pages, int slots) {
        this.pages = pages;
        this.writes = new int[slots];
    }

    int slots() {
        return writes.length;
    }

    /** The pages that {@link #expected} points into. */
    MemorySegment bytes() {
        return pages.bytes();
    }

    /** The slot is about to be overwritten; {@link #expected} is what to write. */
    void overwrite(int slot) {
        writes[slot] = Math.abs(writes[slot]) + 1;
    }

    /** The slot is about to be trimmed. */
    void trim(int slot) {
        writes[slot] = -Math.abs(writes[slot]);
    }

    /** Where the slot's content begins in {@link #bytes}. */
    long expected(int slot) {
        int count = writes[slot];
        if (count <= 0) {
            return pages.zeroes();
        }
        return Pages.offset((slot * SLOT_FACTOR + count * WRITE_FACTOR) % pages.count());
    }

    boolean matches(int slot, MemorySegment received, long at) {
        long from = expected(slot);
        return MemorySegment.mismatch(pages.bytes(), from, from + Pages.BYTES, received, at, at + Pages.BYTES) < 0;
    }
}
