package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * The layout of a stored page's bytes, the same in the pool and in the backing file.
 *
 * <pre>
 *   0  4  CRC-32C of bytes 6 to the end of the data
 *   4  2  capacity in units of 8 bytes, header included; in the pool also: bit 15 hole, bit 14 listed (HoleLists)
 *   6  2  codec << 12 | length - 1
 *   8  4  slot
 *  12  length bytes of data
 * </pre>
 *
 * The slot and the form are under the checksum, so that a record read in place of another one is noticed. The capacity
 * is not: it belongs to the place, not to the page, and never changes while the place exists (but see {@link Pool}); a
 * capacity of 0 ends a row of records. Native byte order: neither the pool nor the backing file outlives a reboot.
 */
final class Record {
    static final int HEADER_BYTES = 12;
    static final int MAX_BYTES = HEADER_BYTES + PageStore.SLOT_BYTES;

    /** Where the checksummed part begins. */
    static final int CHECKED_OFFSET = 6;

    static final int UNIT_SHIFT = 3;

    private static final int CAPACITY_OFFSET = 4;
    private static final int FORM_OFFSET = 6;
    private static final int SLOT_OFFSET = 8;
    private static final int CODEC_SHIFT = 12;
    private static final int LENGTH_MASK = 0xfff;
    private static final int CAPACITY_MASK = 0x3fff;
    private static final int LISTED = 0x4000;
    private static final int HOLE = 0x8000;

    private Record() {}

    /** Units of 8 bytes that a record with this many bytes of data takes. */
    static int units(int length) {
        return HEADER_BYTES + length + 7 >>> UNIT_SHIFT;
    }

    static int checksum(MemorySegment memory, long place) {
        return memory.get(JAVA_INT_UNALIGNED, place);
    }

    static int capacity(MemorySegment memory, long place) {
        return memory.get(JAVA_SHORT_UNALIGNED, place + CAPACITY_OFFSET) & CAPACITY_MASK;
    }

    static boolean isHole(MemorySegment memory, long place) {
        return (memory.get(JAVA_SHORT_UNALIGNED, place + CAPACITY_OFFSET) & HOLE) != 0;
    }

    static boolean isListed(MemorySegment memory, long place) {
        return (memory.get(JAVA_SHORT_UNALIGNED, place + CAPACITY_OFFSET) & LISTED) != 0;
    }

    static void setCapacity(MemorySegment memory, long place, int units) {
        memory.set(JAVA_SHORT_UNALIGNED, place + CAPACITY_OFFSET, (short) units);
    }

    static void markHole(MemorySegment memory, long place, int units) {
        memory.set(JAVA_SHORT_UNALIGNED, place + CAPACITY_OFFSET, (short) (units | HOLE));
    }

    static void markListed(MemorySegment memory, long place, int units) {
        memory.set(JAVA_SHORT_UNALIGNED, place + CAPACITY_OFFSET, (short) (units | HOLE | LISTED));
    }

    static int codec(MemorySegment memory, long place) {
        return (memory.get(JAVA_SHORT_UNALIGNED, place + FORM_OFFSET) & 0xffff) >>> CODEC_SHIFT;
    }

    static int length(MemorySegment memory, long place) {
        return (memory.get(JAVA_SHORT_UNALIGNED, place + FORM_OFFSET) & LENGTH_MASK) + 1;
    }

    static long slot(MemorySegment memory, long place) {
        return Integer.toUnsignedLong(memory.get(JAVA_INT_UNALIGNED, place + SLOT_OFFSET));
    }

    static void setHeader(MemorySegment memory, long slot, int codec, int length) {
        memory.set(JAVA_SHORT_UNALIGNED, FORM_OFFSET, (short) (codec << CODEC_SHIFT | length - 1));
        memory.set(JAVA_INT_UNALIGNED, SLOT_OFFSET, (int) slot);
        setCapacity(memory, 0, units(length));
    }

    static void setChecksum(MemorySegment memory, int checksum) {
        memory.set(JAVA_INT_UNALIGNED, 0, checksum);
    }

    /** Copies a record to another place, all but the capacity, which belongs to the place. */
    static void copy(MemorySegment from, long fromPlace, MemorySegment to, long toPlace, int length) {
        to.set(JAVA_INT_UNALIGNED, toPlace, checksum(from, fromPlace));
        int bytes = HEADER_BYTES - CHECKED_OFFSET + length;
        MemorySegment.copy(from, fromPlace + CHECKED_OFFSET, to, toPlace + CHECKED_OFFSET, bytes);
    }
}
