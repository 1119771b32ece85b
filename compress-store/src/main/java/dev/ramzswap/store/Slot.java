package dev.ramzswap.store;

/**
 * The 64-bit word that says where a slot's page is. It alone determines the slot's content: whoever exchanges it owns
 * what the old word pointed to.
 *
 * <pre>
 *  63 62  61     60     59..57  56..45      44      43..40  39..0
 *  kind   pinned refd   codec   length - 1  parity  0       place / 8        POOL, FILE
 *
 *  63 62  61     60     59..48              47..0
 *  kind   form   parity check               value                            FILL
 * </pre>
 *
 * <ul>
 *   <li>HOLE is the word 0 and no other: never stored, or invalidated.
 *   <li>FILL is a same-filled page. Its value is a sign-extended 48-bit number (zero, all ones, a pointer) or a
 *       repeated 32-bit one (any repeated byte); the few others become a record of eight bytes. The check, a hash of
 *       slot and value, tells a damaged word, and one that belongs to another slot.
 *   <li>POOL and FILE hold the byte offset of the slot's {@link Record}, in units of 8 bytes.
 *   <li>Pinned: somebody (spill, compaction, a partial write) is about to replace this word by one with the same or
 *       patched content. Others may exchange it at any time, but then leave the freeing of the record to him; so the
 *       record cannot be reused under his hands, and his compare-and-set cannot mistake a later word for this one.
 *   <li>Refd: stored or loaded since the clock hand passed last (see {@link Spiller}).
 *   <li>Parity: every word has an even number of ones, so that one flipped bit makes it DAMAGED: it is never followed,
 *       and never freed by. That its record still names the slot is looked at besides.
 * </ul>
 */
final class Slot {
    static final long HOLE = 0;

    static final int KIND_HOLE = 0;
    static final int KIND_FILL = 1;
    static final int KIND_POOL = 2;
    static final int KIND_FILE = 3;

    /** No word that was ever published: its page is lost. */
    static final int KIND_DAMAGED = 4;

    /** Places must be below this: 8 TiB. */
    static final long MAX_PLACE = 1L << 43;

    private static final long PINNED = 1L << 61;
    private static final long REFERENCED = 1L << 60;
    private static final int KIND_SHIFT = 62;
    private static final int CODEC_SHIFT = 57;
    private static final int CODEC_MASK = 7;
    private static final int LENGTH_SHIFT = 45;
    private static final int LENGTH_MASK = 0xfff;
    private static final int PARITY_SHIFT = 44;
    private static final long UNUSED_MASK = 0xfL << 40;
    private static final long PLACE_MASK = (1L << 40) - 1;
    private static final int PLACE_UNIT_SHIFT = 3;

    private static final long FORM_REPEATED = 1L << 61;
    private static final int FILL_PARITY_SHIFT = 60;
    private static final int CHECK_SHIFT = 48;
    private static final long CHECK_MASK = 0xfff;
    private static final long VALUE_MASK = (1L << 48) - 1;
    private static final int SIGN_SHIFT = 16;

    private Slot() {}

    /** Whether this is a word that can be published, not a {@link StoreStatus}. */
    static boolean isWord(long wordOrStatus) {
        return wordOrStatus >>> KIND_SHIFT != 0;
    }

    static int kind(long word) {
        if ((Long.bitCount(word) & 1) != 0) {
            return KIND_DAMAGED;
        }
        int kind = (int) (word >>> KIND_SHIFT);
        boolean isUnknown = kind == KIND_HOLE ? word != HOLE : kind >= KIND_POOL && (word & UNUSED_MASK) != 0;
        return isUnknown ? KIND_DAMAGED : kind;
    }

    /** Whether the word points to a record, in the pool or in the backing file. */
    static boolean isRecord(long word) {
        int kind = kind(word);
        return kind == KIND_POOL || kind == KIND_FILE;
    }

    static boolean isPinned(long word) {
        return (word & PINNED) != 0 && isRecord(word);
    }

    static boolean isReferenced(long word) {
        return (word & REFERENCED) != 0 && isRecord(word);
    }

    /** A record's word, pinned; any other word itself. */
    static long pinned(long word) {
        return isRecord(word) ? even(word | PINNED) : word;
    }

    /** A record's word without its pin; any other word itself. */
    static long unpinned(long word) {
        return isRecord(word) ? even(word & ~PINNED) : word;
    }

    static long referenced(long record) {
        return even(record | REFERENCED);
    }

    static long unreferenced(long record) {
        return even(record & ~REFERENCED);
    }

    static long inPool(int codec, int length, long place) {
        return record(KIND_POOL, codec, length, place);
    }

    static long inFile(int codec, int length, long place) {
        return record(KIND_FILE, codec, length, place);
    }

    private static long record(long kind, long codec, long length, long place) {
        return even(kind << KIND_SHIFT
                | REFERENCED
                | codec << CODEC_SHIFT
                | (length - 1) << LENGTH_SHIFT
                | place >>> PLACE_UNIT_SHIFT);
    }

    /** The same page, not pinned, at another place of the same kind. */
    static long moved(long word, long place) {
        return even(word & ~PLACE_MASK & ~PINNED | place >>> PLACE_UNIT_SHIFT);
    }

    /** A record's word with the parity that it must have. */
    private static long even(long word) {
        return word ^ (Long.bitCount(word) & 1L) << PARITY_SHIFT;
    }

    static int codec(long word) {
        return (int) (word >>> CODEC_SHIFT) & CODEC_MASK;
    }

    /** Bytes of the record's data, 1 to 4096. */
    static int length(long word) {
        return ((int) (word >>> LENGTH_SHIFT) & LENGTH_MASK) + 1;
    }

    /** Byte offset of the record, a multiple of 8. */
    static long place(long word) {
        return (word & PLACE_MASK) << PLACE_UNIT_SHIFT;
    }

    /** Whether two words stand for the same copy of the same content. */
    static boolean sameCopy(long a, long b) {
        long marks = isRecord(a) ? PINNED | REFERENCED | 1L << PARITY_SHIFT : 0;
        return ((a ^ b) & ~marks) == 0;
    }

    /** The word of a page filled with {@code value}, or {@link #HOLE} if the value does not fit in one. */
    static long fill(long slot, long value) {
        if (value << SIGN_SHIFT >> SIGN_SHIFT == value) {
            return checked(slot, (long) KIND_FILL << KIND_SHIFT | value & VALUE_MASK);
        }
        if (value >>> 32 == (value & 0xffff_ffffL)) {
            return checked(slot, (long) KIND_FILL << KIND_SHIFT | FORM_REPEATED | value >>> 32);
        }
        return HOLE;
    }

    /** A word that is {@link #KIND_DAMAGED}: the slot's page is lost, and each load says so. */
    static long damaged(long slot) {
        return fill(slot, 0) ^ 1L << FILL_PARITY_SHIFT;
    }

    static long fillValue(long word) {
        long value = word & VALUE_MASK;
        return (word & FORM_REPEATED) != 0 ? value << 32 | value : value << SIGN_SHIFT >> SIGN_SHIFT;
    }

    static boolean isFillIntact(long slot, long word) {
        return checked(slot, word & ~(CHECK_MASK << CHECK_SHIFT | 1L << FILL_PARITY_SHIFT)) == word;
    }

    private static long checked(long slot, long word) {
        // The finalizer of MurmurHash3: every input bit changes every output bit with a chance of one half.
        long hash = word ^ slot * 0x9e3779b97f4a7c15L;
        hash = (hash ^ hash >>> 33) * 0xff51afd7ed558ccdL;
        hash = (hash ^ hash >>> 33) * 0xc4ceb9fe1a85ec53L;
        long checked = word | (hash >>> 33 & CHECK_MASK) << CHECK_SHIFT;
        return checked | (Long.bitCount(checked) & 1L) << FILL_PARITY_SHIFT;
    }
}
