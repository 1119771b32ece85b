package dev.ramzswap.backing;

/**
 * The 64-bit word that says what is known of one segment. It has an even number of ones; one that has not is damaged,
 * and counts as BAD.
 *
 * <pre>
 *   63       62                 8 7       3      2      1   0
 *  +--------+--------------------+---------+-----------+-------+
 *  | parity | generation (55)    | buffer  | encrypted | state |
 *  +--------+--------------------+---------+-----------+-------+
 * </pre>
 *
 * The generation counts how often the segment was taken, so that (segment, generation) names one content that is
 * written at most in one version, although maybe several times: it is the cipher's nonce, and it lets a reader see that
 * a segment has changed under it. {@code buffer} says where a staged segment lies.
 */
final class SegmentWord {
    static final int FREE = 0;
    static final int STAGED = 1;
    static final int WRITTEN = 2;
    static final int BAD = 3;

    private static final int STATE_BITS = 2;
    private static final int ENCRYPTED_SHIFT = STATE_BITS;
    private static final int BUFFER_SHIFT = ENCRYPTED_SHIFT + 1;
    private static final int BUFFER_BITS = 5;
    private static final int GENERATION_SHIFT = BUFFER_SHIFT + BUFFER_BITS;
    private static final long STATE_MASK = (1L << STATE_BITS) - 1;
    private static final long ENCRYPTED = 1L << ENCRYPTED_SHIFT;
    private static final long BUFFER_MASK = (1L << BUFFER_BITS) - 1;
    private static final long GENERATION_MASK = -1L << GENERATION_SHIFT & Long.MAX_VALUE;
    private static final int PARITY_SHIFT = 63;

    private SegmentWord() {}

    static boolean isDamaged(long word) {
        return (Long.bitCount(word) & 1) != 0;
    }

    static int state(long word) {
        return isDamaged(word) ? BAD : (int) (word & STATE_MASK);
    }

    static int buffer(long word) {
        return (int) (word >>> BUFFER_SHIFT & BUFFER_MASK);
    }

    static boolean encrypted(long word) {
        return (word & ENCRYPTED) != 0;
    }

    static long generation(long word) {
        return (word & GENERATION_MASK) >>> GENERATION_SHIFT;
    }

    /** That of a free segment, when it is taken: with the next generation. */
    static long taken(long word, int buffer, boolean encrypt) {
        long next = (generation(word) + 1) << GENERATION_SHIFT & GENERATION_MASK;
        return even(next | (long) buffer << BUFFER_SHIFT | (encrypt ? ENCRYPTED : 0) | STAGED);
    }

    /** That of a staged segment, with the next generation. */
    static long retaken(long word) {
        return taken(word, buffer(word), encrypted(word));
    }

    /** That of a staged segment, when it is to be encrypted. */
    static long toBeEncrypted(long word) {
        return even(word & Long.MAX_VALUE | ENCRYPTED);
    }

    /** That of a segment when the content of its generation is on the device. */
    static long written(long word, boolean encrypted) {
        return even(word & GENERATION_MASK | (encrypted ? ENCRYPTED : 0) | WRITTEN);
    }

    /** That of a segment which has only its generation left, and a state. */
    static long emptied(long word, int state) {
        return even(word & GENERATION_MASK | state);
    }

    /** A word without parity, with it. */
    private static long even(long word) {
        return word ^ (Long.bitCount(word) & 1L) << PARITY_SHIFT;
    }
}
