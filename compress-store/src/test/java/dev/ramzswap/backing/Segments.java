package dev.ramzswap.backing;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/** What a backing file that is in use knows of its segments, for a test that damages it. */
public final class Segments {
    /** As {@link SegmentWord} numbers them. */
    public enum State {
        FREE,
        STAGED,
        WRITTEN
    }

    private static final VarHandle WORD = JAVA_LONG.varHandle();

    private final MemorySegment table;

    public Segments(BackingConfig config) {
        this.table = config.table();
    }

    /** Flips a bit in the word of a segment, as soon as one is in this state. Returns which one that is. */
    public int flip(State state, int bit) throws InterruptedException {
        while (true) {
            for (int segment = 0; offset(segment) < table.byteSize(); segment++) {
                long word = word(segment);
                boolean isIt = SegmentWord.state(word) == state.ordinal();
                if (isIt && WORD.compareAndSet(table, offset(segment), word, word ^ 1L << bit)) {
                    return segment;
                }
            }
            Thread.sleep(1); // It is being written.
        }
    }

    /** How many have a damaged word. */
    public int damaged() {
        int damaged = 0;
        for (int segment = 0; offset(segment) < table.byteSize(); segment++) {
            damaged += SegmentWord.isDamaged(word(segment)) ? 1 : 0;
        }
        return damaged;
    }

    private long word(int segment) {
        return (long) WORD.getVolatile(table, offset(segment));
    }

    private static long offset(int segment) {
        return (long) segment * Long.BYTES;
    }
}
