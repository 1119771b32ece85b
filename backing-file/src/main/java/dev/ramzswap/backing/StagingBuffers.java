package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static dev.ramzswap.backing.SegmentTable.NONE;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * The staging buffers, each of one segment, and what becomes of them:
 *
 * <pre>
 *   EMPTY --open--> OPEN --seal--> SEALED --takeDue--> WRITING --release--> EMPTY
 *                                    ^  \                 |
 *                                    |   +-- dropDead --> EMPTY
 *                                    +------- failed -----+
 *                                    |                    +--failed--> CONDEMNED --release--> EMPTY
 *                                    +--------------- reprieve ----------+
 * </pre>
 *
 * An EMPTY buffer is all zeroes, so that what follows a segment's last record is. A buffer is cleared only after its
 * segment's word has said that it is elsewhere: a reader copies first and then looks at the word again. Guarded by the
 * lock of {@link Staging}, but for contents.
 */
final class StagingBuffers {
    private static final int EMPTY = 0;
    private static final int OPEN = 1;
    private static final int SEALED = 2;
    private static final int WRITING = 3;
    private static final int CONDEMNED = 4;

    private final SegmentTable table;
    private final boolean encrypt;
    private final WriteRetries retries;
    private final MemorySegment[] contents = new MemorySegment[Staging.BUFFERS];
    private final int[] state = new int[Staging.BUFFERS];
    private final int[] segment;

    /** Where the last record that was adopted ends, in a segment that an earlier daemon has staged. */
    private final int[] adoptedEnd = new int[Staging.BUFFERS];

    /**
     * Takes over the segments that the table says are staged, as sealed ones.
     *
     * @param encrypt whether what an earlier daemon would have written in the clear is to be encrypted; its records are
     *     to be sealed for that ({@link #patch})
     */
    StagingBuffers(MemorySegment memory, SegmentTable table, boolean encrypt, WriteRetries retries) {
        this.table = table;
        this.encrypt = encrypt;
        this.retries = retries;
        this.segment = table.staged(Staging.BUFFERS);
        for (int buffer = 0; buffer < Staging.BUFFERS; buffer++) {
            contents[buffer] = memory.asSlice((long) buffer * SEGMENT_BYTES, SEGMENT_BYTES);
            if (segment[buffer] == NONE) {
                contents[buffer].fill((byte) 0);
            } else {
                seal(buffer);
                if (encrypt) {
                    table.encryptStaged(segment[buffer]);
                }
            }
        }
    }

    /** A record that ends at {@code end} of a segment was staged by an earlier daemon. */
    void adopt(int segment, int end) {
        for (int buffer = 0; buffer < Staging.BUFFERS; buffer++) {
            if (this.segment[buffer] == segment) {
                adoptedEnd[buffer] = Math.max(adoptedEnd[buffer], end);
            }
        }
    }

    /** Puts other bytes at a place of a segment, if it lies in a buffer; before the first one is written. */
    void patch(int segment, int begin, MemorySegment from, int length) {
        for (int buffer = 0; buffer < Staging.BUFFERS; buffer++) {
            if (this.segment[buffer] == segment && table.isStaged(segment)) {
                MemorySegment.copy(from, 0, contents[buffer], begin, length);
            }
        }
    }

    /**
     * Of the segments that an earlier daemon has staged, the one with the most room behind what was adopted. If it is
     * to be encrypted, and what comes from now on is not, it is none for that: that is sealed for the clear.
     */
    int emptiestSealed() {
        int emptiest = NONE;
        for (int buffer = 0; buffer < Staging.BUFFERS; buffer++) {
            boolean isFit = state[buffer] == SEALED
                    && table.isStaged(segment[buffer])
                    && SegmentWord.encrypted(table.word(segment[buffer])) == encrypt;
            if (isFit && (emptiest == NONE || adoptedEnd[buffer] < adoptedEnd[emptiest])) {
                emptiest = buffer;
            }
        }
        return emptiest;
    }

    /** Opens a sealed segment that was adopted. Returns where its records end. */
    int reopen(int buffer) {
        // The generation first: what may be on the device under the old one never changes.
        table.retake(segment[buffer]);
        VarHandle.fullFence();
        contents[buffer].asSlice(adoptedEnd[buffer]).fill((byte) 0);
        state[buffer] = OPEN;
        return adoptedEnd[buffer];
    }

    /**
     * Copies a part of a buffer that holds the segment of {@code word}; needs no lock.
     *
     * @return false if it no longer did when the copy was done
     */
    boolean read(int segment, long word, int begin, int length, MemorySegment into, long offset) {
        MemorySegment.copy(contents[SegmentWord.buffer(word)], begin, into, offset, length);
        VarHandle.acquireFence();
        return table.word(segment) == word;
    }

    MemorySegment content(int buffer) {
        return contents[buffer];
    }

    /** The segment that lies in a buffer, {@link SegmentTable#NONE} if it is empty. */
    int segment(int buffer) {
        return segment[buffer];
    }

    /** Takes a free segment into an empty buffer; false if there is none. */
    boolean open(int buffer, boolean encrypt) {
        segment[buffer] = table.take(buffer, encrypt);
        if (segment[buffer] == NONE) {
            return false;
        }
        state[buffer] = OPEN;
        return true;
    }

    /** The segment is to be written. */
    void seal(int buffer) {
        state[buffer] = SEALED;
        retries.begin(buffer);
    }

    /** A sealed buffer that may be written from a certain time on, before all others; NONE if there is none. */
    int firstDue() {
        return first(SEALED);
    }

    private int first(int wanted) {
        int first = NONE;
        for (int buffer = 0; buffer < Staging.BUFFERS; buffer++) {
            if (state[buffer] == wanted && (first == NONE || retries.due(buffer) - retries.due(first) < 0)) {
                first = buffer;
            }
        }
        return first;
    }

    void beginWriting(int buffer) {
        state[buffer] = WRITING;
    }

    /** A segment could not be written: it is tried again, or condemned. */
    void failed(int buffer, long begin, boolean isStuck) {
        retries.failed(buffer, begin);
        // Others could be written meanwhile; or all buffers are stuck, and another segment may be a better one.
        boolean isToBeLeft = retries.isAlone(buffer) || isStuck && condemned() == NONE;
        state[buffer] = retries.hasFailedTooOften(buffer) && isToBeLeft ? CONDEMNED : SEALED;
    }

    /**
     * The one that failed before all others: those that failed again since have had their turn. NONE if there is none.
     */
    int condemned() {
        return first(CONDEMNED);
    }

    /** A condemned segment is tried again. */
    void reprieve(int buffer) {
        retries.reprieve(buffer);
        state[buffer] = SEALED;
    }

    /** Gives a condemned segment up, if no record in it is live. Whether it did. */
    boolean abandon(int buffer) {
        if (table.live(segment[buffer]) != 0) {
            return false;
        }
        drop(buffer);
        return true;
    }

    /** Empties a buffer that is not to be written. One that others were written beside is not to be taken next. */
    private void drop(int buffer) {
        if (retries.isAlone(buffer)) {
            table.abandon(segment[buffer]);
        } else {
            table.discard(segment[buffer]);
        }
        clear(buffer);
        release(buffer);
    }

    /** Whether room may come of what is or will be written, or of what is condemned. */
    boolean isAnyToBeWritten() {
        for (int buffer = 0; buffer < Staging.BUFFERS; buffer++) {
            boolean isToBe = (state[buffer] == SEALED || state[buffer] == WRITING) && retries.isHopeful(buffer);
            if (isToBe || state[buffer] == CONDEMNED) {
                return true;
            }
        }
        return false;
    }

    /**
     * Empties the buffers whose segments need not be written, since no record in them is live, or must not: if its word
     * is damaged, nobody could read it again, and it might be written in the clear, or under a nonce of another
     * content. Whether there were any.
     */
    boolean dropDead() {
        boolean isAny = false;
        for (int buffer = 0; buffer < Staging.BUFFERS; buffer++) {
            if (state[buffer] == SEALED && (table.live(segment[buffer]) == 0 || !table.isStaged(segment[buffer]))) {
                drop(buffer);
                isAny = true;
            }
        }
        return isAny;
    }

    /** Makes the content zeroes, when the segment's word says that it is elsewhere; needs no lock. */
    void clear(int buffer) {
        // The word before, the zeroes after: pairs with the fence in read().
        VarHandle.fullFence();
        contents[buffer].fill((byte) 0);
    }

    /** A cleared buffer is empty. */
    void release(int buffer) {
        retries.end(buffer);
        segment[buffer] = NONE;
        state[buffer] = EMPTY;
    }

    /** An empty buffer, if there are more than {@code leave}. */
    int firstEmpty(int leave) {
        int left = leave;
        for (int buffer = 0; buffer < Staging.BUFFERS; buffer++) {
            if (state[buffer] == EMPTY && left-- == 0) {
                return buffer;
            }
        }
        return NONE;
    }
}
