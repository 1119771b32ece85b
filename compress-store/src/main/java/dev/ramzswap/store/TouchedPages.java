package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Which pages of a sparse memory were ever used, one bit for each. All others are known to be zeroes without a look: a
 * read of a memory file's hole would make a page of memory. What is used is counted as memory. Thread-safe.
 */
final class TouchedPages {
    static final int PAGE_SHIFT = 12;
    static final int PAGE_BYTES = 1 << PAGE_SHIFT;

    private static final VarHandle BITS = JAVA_INT.varHandle();

    private final MemorySegment bits;
    private final Counters counters;

    /**
     * @param bytes of the memory
     * @param arena for one bit of each page
     */
    TouchedPages(long bytes, Counters counters, Arena arena) {
        this.bits = arena.allocate(((bytes >>> PAGE_SHIFT) + 32) / 32 * Integer.BYTES, Integer.BYTES);
        this.counters = counters;
    }

    boolean contains(long offset) {
        return ((int) BITS.getOpaque(bits, word(offset)) & bit(offset)) != 0;
    }

    void add(long offset) {
        if (!contains(offset) && ((int) BITS.getAndBitwiseOr(bits, word(offset), bit(offset)) & bit(offset)) == 0) {
            counters.addMemory(PAGE_BYTES);
        }
    }

    /**
     * The first offset from {@code offset} on whose page was used; if there is none, one behind the memory. Looks at 32
     * pages at once, so that an empty map of 1 TiB costs 16,384 looks.
     */
    long next(long offset) {
        int mask = -1 << (offset >>> PAGE_SHIFT);
        for (long at = word(offset); at < bits.byteSize(); at += Integer.BYTES) {
            int used = (int) BITS.getOpaque(bits, at) & mask;
            if (used != 0) {
                long page = at * Byte.SIZE + Integer.numberOfTrailingZeros(used);
                return Math.max(page << PAGE_SHIFT, offset);
            }
            mask = -1;
        }
        return bits.byteSize() * Byte.SIZE << PAGE_SHIFT;
    }

    private static long word(long offset) {
        return offset >>> PAGE_SHIFT + 5 << 2;
    }

    private static int bit(long offset) {
        return 1 << (offset >>> PAGE_SHIFT);
    }
}
