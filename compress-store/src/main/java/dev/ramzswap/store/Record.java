package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * The layout of a stored page's bytes, the same in the pool and in the backing file.
 *
 * <pre>
 *   0  4  checksum of bytes 6 to the end of the data; in the backing file another one ({@link FileSeal})
 *   4  2  in the pool: size of the crumb behind it, in units, and so no hole (see {@link Holes}); else 0
 *   6  2  codec << 12 | length - 1
 *   8  4  slot
 *  12  length bytes of data
 * </pre>
 *
 * The slot and the form are under the checksum, so that a record read in place of another one is noticed. A record
 * takes as many units of 8 bytes as its length says, in the pool {@value #MIN_UNITS} at least. Native byte order:
 * neither the pool nor the backing file outlives a reboot.
 */
final class Record {
    static final int HEADER_BYTES = 12;
    static final int MAX_BYTES = HEADER_BYTES + PageStore.SLOT_BYTES;
    static final int UNIT_SHIFT = 3;

    /** The least room in the pool: when the record is gone, a listed {@link Holes} must fit there. */
    static final int MIN_UNITS = 4;

    static final int MAX_UNITS = MAX_BYTES + 7 >>> UNIT_SHIFT;

    /** What {@link #setChecksum} sets, at the beginning. */
    static final int CHECKSUM_BYTES = Integer.BYTES;

    /** Where the checksummed part begins. */
    static final int CHECKED_OFFSET = 6;

    private static final int FORM_OFFSET = 6;
    private static final int SLOT_OFFSET = 8;
    private static final int CODEC_SHIFT = 12;
    private static final int LENGTH_MASK = 0xfff;

    private Record() {}

    /** Bytes of the record that a slot's word tells of, header included: what of it lies in the backing file. */
    static int bytes(long word) {
        return HEADER_BYTES + Slot.length(word);
    }

    /** Units of 8 bytes that a record with this many bytes of data takes in the pool. */
    static int units(int length) {
        return Math.max(HEADER_BYTES + length + 7 >>> UNIT_SHIFT, MIN_UNITS);
    }

    /** Bytes that a record with this many bytes of data takes in the pool. */
    static int roomFor(int length) {
        return units(length) << UNIT_SHIFT;
    }

    static int checksum(MemorySegment memory, long place) {
        return memory.get(JAVA_INT_UNALIGNED, place);
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

    /** Whether the header at a place is that of the record that the slot's word tells of. */
    static boolean isOf(MemorySegment memory, long place, long slot, long word) {
        return slot(memory, place) == slot
                && codec(memory, place) == Slot.codec(word)
                && length(memory, place) == Slot.length(word);
    }

    static void setHeader(MemorySegment memory, long slot, int codec, int length) {
        memory.set(JAVA_INT_UNALIGNED, 0, 0);
        memory.set(JAVA_SHORT_UNALIGNED, Holes.FORM_OFFSET, (short) 0);
        memory.set(JAVA_SHORT_UNALIGNED, FORM_OFFSET, (short) (codec << CODEC_SHIFT | length - 1));
        memory.set(JAVA_INT_UNALIGNED, SLOT_OFFSET, (int) slot);
    }

    static void setChecksum(MemorySegment memory, int checksum) {
        memory.set(JAVA_INT_UNALIGNED, 0, checksum);
    }

    /** Copies a record to another place, all but what tells a record from a hole, which belongs to the place. */
    static void copy(MemorySegment from, long fromPlace, MemorySegment to, long toPlace, int length) {
        to.set(JAVA_INT_UNALIGNED, toPlace, checksum(from, fromPlace));
        int bytes = HEADER_BYTES - CHECKED_OFFSET + length;
        MemorySegment.copy(from, fromPlace + CHECKED_OFFSET, to, toPlace + CHECKED_OFFSET, bytes);
    }
}
