package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/** Pages of a memory, one bit for each. Thread-safe. */
final class PageSet {
    static final int PAGE_SHIFT = 12;
    static final int PAGE_BYTES = 1 << PAGE_SHIFT;

    private static final VarHandle BITS = JAVA_INT.varHandle();

    private final MemorySegment bits;

    /**
     * @param bytes of the memory
     * @param arena for one bit of each page
     */
    PageSet(long bytes, Arena arena) {
        this.bits = arena.allocate(((bytes >>> PAGE_SHIFT) + 32) / 32 * Integer.BYTES, Integer.BYTES);
    }

    boolean contains(long offset) {
        return ((int) BITS.getOpaque(bits, word(offset)) & bit(offset)) != 0;
    }

    /** Whether it was not there. */
    boolean add(long offset) {
        return !contains(offset) && ((int) BITS.getAndBitwiseOr(bits, word(offset), bit(offset)) & bit(offset)) == 0;
    }

    /**
     * The first offset from {@code offset} on whose page is there; if there is none, one behind the memory. Looks at 32
     * pages at once, so that an empty map of 1 TiB costs 16,384 looks.
     */
    long next(long offset) {
        int mask = -1 << (offset >>> PAGE_SHIFT);
        for (long at = word(offset); at < bits.byteSize(); at += Integer.BYTES) {
            int found = (int) BITS.getOpaque(bits, at) & mask;
            if (found != 0) {
                long page = at * Byte.SIZE + Integer.numberOfTrailingZeros(found);
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
