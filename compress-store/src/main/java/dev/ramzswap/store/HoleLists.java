package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The pool's holes, in one doubly linked list for each size, with a bitmap of the lists that are not empty. The links
 * lie in the holes themselves, behind the record header:
 *
 * <pre>
 *   0  12  record header, its capacity marked as listed
 *  16   8  next hole of this size, or -1
 *  24   8  previous hole of this size, or -1
 * </pre>
 *
 * Every operation is O(1). Links are checked before they are followed: a damaged page of memory must cost no more than
 * what was in it. Guarded by the pool's lock.
 */
final class HoleLists {
    static final long NONE = -1;

    /** A hole must hold its links. */
    static final int MIN_UNITS = 4;

    static final int MAX_UNITS = Record.units(PageStore.SLOT_BYTES);

    private static final int NEXT_OFFSET = 16;
    private static final int PREVIOUS_OFFSET = 24;

    private final MemorySegment memory;
    private final long[] heads = new long[MAX_UNITS + 1];
    private final long[] filled = new long[(MAX_UNITS >>> 6) + 1];

    HoleLists(MemorySegment memory) {
        this.memory = memory;
        Arrays.fill(heads, NONE);
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

    /** Lists a hole. */
    void add(long place, int units) {
        long next = heads[units];
        Record.markListed(memory, place, units);
        memory.set(JAVA_LONG, place + NEXT_OFFSET, next);
        memory.set(JAVA_LONG, place + PREVIOUS_OFFSET, NONE);
        if (next != NONE) {
            memory.set(JAVA_LONG, next + PREVIOUS_OFFSET, place);
        }
        setHead(units, place);
    }

    /** Takes the first hole of a size that {@link #smallestFrom} returned. */
    long take(int units) {
        long place = heads[units];
        remove(place, units);
        return place;
    }

    /** Takes a hole off its list; it stays a hole. */
    void remove(long place, int units) {
        long next = memory.get(JAVA_LONG, place + NEXT_OFFSET);
        long previous = memory.get(JAVA_LONG, place + PREVIOUS_OFFSET);
        if (isLink(next, units) && isLink(previous, units)) {
            unlink(next, previous, units);
        } else {
            setHead(units, NONE);
        }
        Record.markHole(memory, place, units);
    }

    private void unlink(long next, long previous, int units) {
        if (next != NONE) {
            memory.set(JAVA_LONG, next + PREVIOUS_OFFSET, previous);
        }
        if (previous != NONE) {
            memory.set(JAVA_LONG, previous + NEXT_OFFSET, next);
        } else {
            setHead(units, next);
        }
    }

    private void setHead(int units, long place) {
        heads[units] = place;
        if (place == NONE) {
            filled[units >>> 6] &= ~(1L << units);
        } else {
            filled[units >>> 6] |= 1L << units;
        }
    }

    /**
     * Whether a link can be one. If memory was damaged, the list is given up: its holes are lost, not their neighbours.
     */
    private boolean isLink(long place, int units) {
        if (place == NONE) {
            return true;
        }
        boolean isPlace = place >= 0 && place <= memory.byteSize() - MIN_UNITS * 8L && (place & 7) == 0;
        return isPlace && Record.isListed(memory, place) && Record.capacity(memory, place) == units;
    }
}
