package dev.ramzswap.backing;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * What is known of each segment. The truth is one {@link SegmentWord} for each, in memory that outlives the process.
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
    /** Abandoned so often in a row, a segment is bad indeed; each of these tries is several writes that failed. */
    static final int MOST_TRIES = 4;

    private static final int FEW_FREE = 16;

    /** No segment, or no buffer. */
    static final int NONE = -1;

    private static final VarHandle WORD = JAVA_LONG.varHandle();

    /** The count of one segment, without its pin. */
    private final class Count implements Mover.Count {
        private final int segment;
        private final int pinBytes;

        Count(int segment, int pinBytes) {
            this.segment = segment;
            this.pinBytes = pinBytes;
        }

        @Override
        public int live() {
            return SegmentTable.this.live(segment) - pinBytes;
        }

        @Override
        public void forget(int bytes) {
            removeLive(segment, bytes);
        }
    }

    private final MemorySegment words;
    private final LiveBytes live;

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
        this.live = new LiveBytes(count, arena);
        this.abandoned = arena.allocate(count);
        this.free = new FreeSegments(count, arena);
        for (int segment = 0; segment < count; segment++) {
            if (SegmentWord.state(word(segment)) == SegmentWord.FREE) {
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
            if (SegmentWord.encrypted(words.get(JAVA_LONG, at))) {
                return true;
            }
        }
        return false;
    }

    /** Whether a segment lies in a buffer, and its word is intact. */
    boolean isStaged(int segment) {
        return SegmentWord.state(word(segment)) == SegmentWord.STAGED;
    }

    /** When few are free, it matters that they are: takes those whose words are damaged out of the count. */
    void dropDamagedIfFew() {
        if (free() > FEW_FREE) {
            return;
        }
        for (int segment = free.from(0); segment != NONE; segment = free.from(segment + 1)) {
            if (SegmentWord.state(word(segment)) == SegmentWord.BAD) {
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
        return live.of(segment);
    }

    long liveBytes() {
        return live.sum();
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
        setWord(segment, SegmentWord.taken(word(segment), buffer, encrypt));
        return segment;
    }

    /**
     * Takes the next free segment, with its next generation, for a content that is not staged: it is neither free nor
     * anything else until {@link #writtenPinned}, {@link #giveBack} or {@link #abandon}. A daemon that dies before that
     * leaves a free one. {@link #NONE} if none is free.
     */
    int reserve() {
        int segment = takeFree();
        if (segment != NONE) {
            setWord(segment, SegmentWord.emptied(SegmentWord.taken(word(segment), 0, false), SegmentWord.FREE));
        }
        return segment;
    }

    /** A reserved segment is not used. */
    void giveBack(int segment) {
        free.add(segment);
    }

    /** A reserved segment is on the device: it is WRITTEN, and pinned, since no record in it is live yet. */
    void writtenPinned(int segment, boolean encrypted) {
        live.add(segment, LiveBytes.PIN);
        setWord(segment, SegmentWord.written(word(segment), encrypted));
        abandoned.set(JAVA_BYTE, segment, (byte) 0);
    }

    /** Gives a staged segment a new generation: it may be written under this one, and its content is to change. */
    void retake(int segment) {
        setWord(segment, SegmentWord.retaken(word(segment)));
    }

    /** A staged segment is on the device: STAGED becomes WRITTEN, or FREE if no record in it is live any more. */
    void written(int segment) {
        long word = word(segment);
        if (SegmentWord.state(word) == SegmentWord.STAGED) {
            setWord(segment, SegmentWord.written(word, SegmentWord.encrypted(word)));
        }
        abandoned.set(JAVA_BYTE, segment, (byte) 0);
        freeIfDead(segment);
    }

    /** A staged segment need not be written, since no record in it is live: STAGED becomes FREE. */
    void discard(int segment) {
        long word = word(segment);
        if (SegmentWord.state(word) == SegmentWord.STAGED) {
            setWord(segment, SegmentWord.emptied(word, SegmentWord.FREE));
            free.add(segment);
        }
    }

    /**
     * A staged or reserved segment cannot be written, and no record in it is live: it becomes BAD. A damaged word stays
     * so.
     */
    void abandon(int segment) {
        long word = word(segment);
        if (!SegmentWord.isDamaged(word)) {
            setWord(segment, SegmentWord.emptied(word, SegmentWord.BAD));
        }
        abandoned.set(JAVA_BYTE, segment, (byte) Math.min(abandoned.get(JAVA_BYTE, segment) + 1, MOST_TRIES));
    }

    /** What was staged to be written in the clear is to be encrypted. */
    void encryptStaged(int segment) {
        long word = word(segment);
        if (SegmentWord.state(word) == SegmentWord.STAGED) {
            setWord(segment, SegmentWord.toBeEncrypted(word));
        }
    }

    /**
     * Makes segments that were abandoned free again: BAD becomes FREE, but not where the word is damaged.
     *
     * @param times how often they may have been abandoned since they were written last, up to {@value #MOST_TRIES}
     * @param most how many
     * @return whether there were any
     */
    boolean revive(int times, int most) {
        int revived = 0;
        for (int segment = 0; segment < count && revived < most; segment++) {
            long word = word(segment);
            boolean isAbandoned =
                    !SegmentWord.isDamaged(word) && SegmentWord.state(word) == SegmentWord.BAD && live(segment) == 0;
            if (isAbandoned && abandoned.get(JAVA_BYTE, segment) <= times) {
                setWord(segment, SegmentWord.emptied(word, SegmentWord.FREE));
                free.add(segment);
                revived++;
            }
        }
        return revived > 0;
    }

    void addLive(int segment, int bytes) {
        live.add(segment, bytes);
    }

    /** More than is live is nobody's to remove: the caller is wrong, and nothing is done. */
    void removeLive(int segment, int bytes) {
        if (live.remove(segment, bytes)) {
            freeIfDead(segment);
        }
    }

    /**
     * Keeps a written segment, with the content that {@code word} stands for, from becoming free until {@link #unpin}.
     *
     * @return false if it has become free
     */
    boolean pin(int segment, long word) {
        if (!live.pin(segment)) {
            return false;
        }
        if (word(segment) == word) {
            return true;
        }
        unpin(segment);
        return false;
    }

    void unpin(int segment) {
        removeLive(segment, LiveBytes.PIN);
    }

    /** What is live in a segment, for as long as it is pinned. */
    Mover.Count pinnedCount(int segment) {
        return new Count(segment, LiveBytes.PIN);
    }

    /** What is live in a segment that is not pinned, since it is staged. */
    Mover.Count stagedCount(int segment) {
        return new Count(segment, 0);
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
            if (SegmentWord.state(word) != SegmentWord.STAGED) {
                continue;
            }
            int buffer = SegmentWord.buffer(word);
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
            if (SegmentWord.state(word) != SegmentWord.WRITTEN || live(segment) != 0) {
                return;
            }
        } while (!WORD.compareAndSet(
                words, (long) segment * Long.BYTES, word, SegmentWord.emptied(word, SegmentWord.FREE)));
        free.add(segment);
    }

    /** One whose word is damaged is not taken, and not free any more. */
    private int takeFree() {
        for (int segment = free.next(); segment != NONE; segment = free.next()) {
            free.remove(segment);
            if (SegmentWord.state(word(segment)) == SegmentWord.FREE) {
                return segment;
            }
        }
        return NONE;
    }

    private void setWord(int segment, long word) {
        WORD.setVolatile(words, (long) segment * Long.BYTES, word);
    }
}
