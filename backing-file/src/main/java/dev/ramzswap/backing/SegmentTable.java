package dev.ramzswap.backing;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * What is known of each segment. The truth is one 64-bit word for each, in memory that outlives the process:
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
 *
 * <pre>
 *   FREE --take--> STAGED --written--> WRITTEN --last record freed--> FREE
 *                    |                                                 ^
 *                    +--------- discard (no record is live) ----------+
 *                    |
 *                    +--abandon--> BAD
 * </pre>
 *
 * A segment that could not be written is BAD until it is worth a new try ({@link SegmentCleaner}). So is, for good, one
 * whose word is damaged, which an odd number of ones tells: what was in it is lost, and it is never written to, since
 * neither its content nor its generation is known.
 *
 * <p>Derived from the words and from the owner's records, hence in memory of our own: the live bytes of each segment,
 * and which segments are free. Only {@link #take}, {@link #discard} and {@link #written} need a lock (that of
 * {@link Staging}); the rest is lock-free. Live bytes of a written segment never rise from 0, therefore whoever sees
 * WRITTEN first and 0 afterwards may free the segment, if the word has not changed since.
 */
final class SegmentTable {
    static final int FREE = 0;
    static final int STAGED = 1;
    static final int WRITTEN = 2;
    static final int BAD = 3;

    /** Abandoned so often in a row, a segment is bad indeed; each of these tries is several writes that failed. */
    static final int MOST_TRIES = 4;

    /** No segment, or no buffer. */
    static final int NONE = -1;

    private static final int STATE_BITS = 2;
    private static final int ENCRYPTED_SHIFT = STATE_BITS;
    private static final int BUFFER_SHIFT = ENCRYPTED_SHIFT + 1;
    private static final int BUFFER_BITS = 5;
    private static final int GENERATION_SHIFT = BUFFER_SHIFT + BUFFER_BITS;
    private static final long STATE_MASK = (1L << STATE_BITS) - 1;
    private static final long BUFFER_MASK = (1L << BUFFER_BITS) - 1;
    private static final long GENERATION_MASK = -1L << GENERATION_SHIFT & Long.MAX_VALUE;
    private static final int PARITY_SHIFT = 63;

    /** Keeps a segment from becoming free; a length that a record could have. */
    private static final int PIN_BYTES = 8;

    private static final VarHandle WORD = JAVA_LONG.varHandle();
    private static final VarHandle LIVE = JAVA_INT.varHandle();

    private final MemorySegment words;
    private final MemorySegment live;

    /** How often each segment was abandoned since it was written last, in a byte. */
    private final MemorySegment abandoned;

    private final int count;
    private final FreeSegments free;

    /**
     * @param words one word for each segment, 8-byte aligned
     * @param arena for the memory of our own
     */
    SegmentTable(MemorySegment words, int count, Arena arena) {
        this.words = words.asSlice(0, (long) count * Long.BYTES);
        this.count = count;
        this.live = arena.allocate((long) count * Integer.BYTES, Integer.BYTES);
        this.abandoned = arena.allocate(count);
        this.free = new FreeSegments(count, arena);
        for (int segment = 0; segment < count; segment++) {
            if (state(word(segment)) == FREE) {
                free.add(segment);
            }
        }
    }

    /** Whether no segment was ever taken. */
    static boolean isFresh(MemorySegment words) {
        for (long at = 0; at < words.byteSize(); at += Long.BYTES) {
            if (words.get(JAVA_LONG, at) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Whether an earlier daemon has written anything encrypted. */
    static boolean isAnyEncrypted(MemorySegment words) {
        for (long at = 0; at < words.byteSize(); at += Long.BYTES) {
            if (encrypted(words.get(JAVA_LONG, at))) {
                return true;
            }
        }
        return false;
    }

    static int state(long word) {
        return (Long.bitCount(word) & 1) != 0 ? BAD : (int) (word & STATE_MASK);
    }

    static int buffer(long word) {
        return (int) (word >>> BUFFER_SHIFT & BUFFER_MASK);
    }

    static boolean encrypted(long word) {
        return (word >>> ENCRYPTED_SHIFT & 1) != 0;
    }

    static long generation(long word) {
        return (word & GENERATION_MASK) >>> GENERATION_SHIFT;
    }

    /** Whether a segment lies in a buffer, and its word is intact. */
    boolean isStaged(int segment) {
        return state(word(segment)) == STAGED;
    }

    /** Takes those that count as free though their words are damaged out of the count. */
    void dropDamagedFree() {
        for (int segment = free.from(0); segment != NONE; segment = free.from(segment + 1)) {
            if (state(word(segment)) == BAD) {
                free.remove(segment);
            }
        }
    }

    int count() {
        return count;
    }

    int free() {
        return free.count();
    }

    long word(int segment) {
        return (long) WORD.getVolatile(words, (long) segment * Long.BYTES);
    }

    /** Bytes of the records that are live, padding included. */
    int live(int segment) {
        return (int) LIVE.getVolatile(live, (long) segment * Integer.BYTES);
    }

    long liveBytes() {
        long sum = 0;
        for (int segment = 0; segment < count; segment++) {
            sum += live(segment);
        }
        return sum;
    }

    /**
     * Makes a free segment STAGED in {@code buffer}, whose content must be in order before. Takes the next one in the
     * order of the file, so that what is written together lies together. {@link #NONE} if none is free.
     */
    int take(int buffer, boolean encrypt) {
        int segment = takeFree();
        if (segment == NONE) {
            return NONE;
        }
        long generation = generation(word(segment)) + 1;
        setWord(
                segment,
                generation << GENERATION_SHIFT
                        | (long) buffer << BUFFER_SHIFT
                        | (encrypt ? 1L << ENCRYPTED_SHIFT : 0)
                        | STAGED);
        return segment;
    }

    /** Gives a staged segment a new generation: it may be written under this one, and its content is to change. */
    void retake(int segment) {
        setWord(segment, word(segment) + (1L << GENERATION_SHIFT) & Long.MAX_VALUE);
    }

    /** A staged segment is on the device: STAGED becomes WRITTEN, or FREE if no record in it is live any more. */
    void written(int segment) {
        long word = word(segment);
        if (state(word) == STAGED) {
            setWord(segment, word & (GENERATION_MASK | 1L << ENCRYPTED_SHIFT) | WRITTEN);
        }
        abandoned.set(JAVA_BYTE, segment, (byte) 0);
        freeIfDead(segment);
    }

    /** A staged segment need not be written, since no record in it is live: STAGED becomes FREE. */
    void discard(int segment) {
        long word = word(segment);
        if (state(word) == STAGED) {
            setWord(segment, word & GENERATION_MASK);
            free.add(segment);
        }
    }

    /** A staged segment cannot be written, and no record in it is live: STAGED becomes BAD. A damaged word stays so. */
    void abandon(int segment) {
        long word = word(segment);
        if (state(word) == STAGED) {
            setWord(segment, word & GENERATION_MASK | BAD);
        }
        abandoned.set(JAVA_BYTE, segment, (byte) Math.min(abandoned.get(JAVA_BYTE, segment) + 1, MOST_TRIES));
    }

    /** What was staged to be written in the clear is to be encrypted. */
    void encryptStaged(int segment) {
        long word = word(segment);
        if (state(word) == STAGED) {
            setWord(segment, word & Long.MAX_VALUE | 1L << ENCRYPTED_SHIFT);
        }
    }

    /**
     * Makes segments that were abandoned free again: BAD becomes FREE, but not where the word is damaged.
     *
     * @param times how often they may have been abandoned since they were written last, up to {@value #MOST_TRIES}
     */
    boolean revive(int times) {
        boolean isRevived = false;
        for (int segment = 0; segment < count; segment++) {
            long word = word(segment);
            boolean isAbandoned = (Long.bitCount(word) & 1) == 0 && state(word) == BAD && live(segment) == 0;
            if (isAbandoned && abandoned.get(JAVA_BYTE, segment) <= times) {
                setWord(segment, word & GENERATION_MASK);
                free.add(segment);
                isRevived = true;
            }
        }
        return isRevived;
    }

    void addLive(int segment, int bytes) {
        LIVE.getAndAdd(live, (long) segment * Integer.BYTES, bytes);
    }

    /** More than is live is nobody's to remove: the caller is wrong, and nothing is done. */
    void removeLive(int segment, int bytes) {
        int before;
        do {
            before = live(segment);
            if (before < bytes) {
                return;
            }
        } while (!LIVE.compareAndSet(live, (long) segment * Integer.BYTES, before, before - bytes));
        if (before == bytes) {
            freeIfDead(segment);
        }
    }

    /**
     * Keeps a written segment, with the content that {@code word} stands for, from becoming free until {@link #unpin}.
     *
     * @return false if it has become free
     */
    boolean pin(int segment, long word) {
        int bytes;
        do {
            bytes = live(segment);
            if (bytes <= 0) {
                return false;
            }
        } while (!LIVE.compareAndSet(live, (long) segment * Integer.BYTES, bytes, bytes + PIN_BYTES));
        if (word(segment) == word) {
            return true;
        }
        unpin(segment);
        return false;
    }

    /** Like {@link #live}, of a pinned segment. */
    int pinnedLive(int segment) {
        return live(segment) - PIN_BYTES;
    }

    /** Takes all records out of a pinned segment's count. */
    void forget(int segment) {
        removeLive(segment, pinnedLive(segment));
    }

    void unpin(int segment) {
        removeLive(segment, PIN_BYTES);
    }

    /** Frees all written segments without live records, after a takeover. */
    void freeDead() {
        for (int segment = 0; segment < count; segment++) {
            freeIfDead(segment);
        }
    }

    /**
     * Which segment is staged in each buffer, {@link #NONE} for none. Of two that claim the same one, which cannot be,
     * the second is lost.
     */
    int[] staged(int buffers) {
        int[] segments = new int[buffers];
        Arrays.fill(segments, NONE);
        for (int segment = 0; segment < count; segment++) {
            long word = word(segment);
            if (state(word) != STAGED) {
                continue;
            }
            int buffer = buffer(word);
            if (buffer < buffers && segments[buffer] == NONE) {
                segments[buffer] = segment;
            } else {
                abandon(segment);
            }
        }
        return segments;
    }

    private void freeIfDead(int segment) {
        long word;
        do {
            word = word(segment);
            if (state(word) != WRITTEN || live(segment) != 0) {
                return;
            }
        } while (!WORD.compareAndSet(words, (long) segment * Long.BYTES, word, even(word & GENERATION_MASK)));
        free.add(segment);
    }

    /** One whose word is damaged is not taken, and not free any more. */
    private int takeFree() {
        for (int segment = free.next(); segment != NONE; segment = free.next()) {
            free.remove(segment);
            if (state(word(segment)) == FREE) {
                return segment;
            }
        }
        return NONE;
    }

    private void setWord(int segment, long word) {
        WORD.setVolatile(words, (long) segment * Long.BYTES, even(word));
    }

    /** A word without parity, with it. */
    private static long even(long word) {
        return word ^ (Long.bitCount(word) & 1L) << PARITY_SHIFT;
    }
}
