package dev.ramzswap.backing;

import static dev.ramzswap.backing.SegmentTable.NONE;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The written segments that are cleaned next. They are chosen by looking at all segments twice, as many at once as make
 * that cheap: a 64th of them, those with the fewest live bytes. So each costs about a hundred looks, however large the
 * device is. Used by one thread.
 */
final class Victims {
    private static final int BUCKETS = 64;
    private static final int BUCKET_BYTES = BackingFile.SEGMENT_BYTES / BUCKETS;
    private static final int LEAST = 16;

    private final SegmentTable table;
    private final MemorySegment chosen;

    /** Of the content that was set aside of each segment the {@link #mark}, below 0 if unreadable; 0 for none. */
    private final MemorySegment setAside;

    private final MemorySegment stoodBack;
    private final int most;
    private final int[] histogram = new int[BUCKETS];
    private int count;
    private int taken;
    private boolean isAnyBack;

    /** Where {@link #nextSetAside} goes on. */
    private int hand;

    Victims(SegmentTable table, Arena arena) {
        this.table = table;
        this.most = Math.max(LEAST, table.count() / 64);
        this.chosen = arena.allocate((long) most * Integer.BYTES, Integer.BYTES);
        this.setAside = arena.allocate(table.count());
        this.stoodBack = arena.allocate((table.count() + 63) / 64 * (long) Long.BYTES, Long.BYTES);
    }

    /** The next one of those chosen, or {@link SegmentTable#NONE}. */
    int next() {
        return taken < count ? chosen.get(JAVA_INT, (long) taken++ * Integer.BYTES) : NONE;
    }

    /** Chooses anew, of the segments with at most {@code worthBytes} live. */
    void choose(int worthBytes) {
        count = 0;
        taken = 0;
        int limit = Math.min(bytesOfMost(worthBytes), worthBytes);
        for (int segment = 0; segment < table.count() && count < most; segment++) {
            if (isCandidate(segment, limit)) {
                chosen.set(JAVA_INT, (long) count++ * Integer.BYTES, segment);
            }
        }
    }

    /** Live bytes below which about as many candidates lie as there is room for, or all of the emptiest kind. */
    private int bytesOfMost(int worthBytes) {
        java.util.Arrays.fill(histogram, 0);
        for (int segment = 0; segment < table.count(); segment++) {
            if (isCandidate(segment, worthBytes)) {
                histogram[Math.max(table.live(segment), 0) / BUCKET_BYTES]++;
            }
        }
        int bucket = 0;
        int sum = histogram[0];
        while (bucket < BUCKETS - 1 && sum + histogram[bucket + 1] <= most) {
            sum += histogram[++bucket];
        }
        while (bucket < BUCKETS - 1 && sum == 0) {
            sum += histogram[++bucket];
        }
        return (bucket + 1) * BUCKET_BYTES - 1;
    }

    private boolean isCandidate(int segment, int bytes) {
        return isWorth(segment, bytes) && !isSetAside(segment) && !isBack(segment);
    }

    private boolean isWorth(int segment, int bytes) {
        return table.live(segment) <= bytes && SegmentWord.state(table.word(segment)) == SegmentWord.WRITTEN;
    }

    /**
     * Passes a segment over until {@link #forgetSetAside}, or until it has another content.
     *
     * @param isUnreadable whether it is the device that failed there
     */
    void setAside(int segment, boolean isUnreadable) {
        setAside.set(JAVA_BYTE, segment, (byte) (isUnreadable ? -mark(segment) : mark(segment)));
    }

    boolean isSetAside(int segment) {
        return Math.abs(setAside.get(JAVA_BYTE, segment)) == mark(segment);
    }

    /** Of one that is set aside. */
    boolean isUnreadable(int segment) {
        return setAside.get(JAVA_BYTE, segment) < 0;
    }

    /** What tells a segment's content from the ones before and after it. */
    private byte mark(int segment) {
        return (byte) (1 + SegmentWord.generation(table.word(segment)) % Byte.MAX_VALUE);
    }

    /**
     * Of those set aside the one behind that which this returned last, round about, with at most {@code worthBytes}
     * live; {@link SegmentTable#NONE} if there is none.
     */
    int nextSetAside(int worthBytes) {
        for (int i = 0; i < table.count(); i++) {
            int segment = hand;
            hand = (hand + 1) % table.count();
            if (isSetAside(segment) && isWorth(segment, worthBytes)) {
                return segment;
            }
        }
        return NONE;
    }

    /** Passes a segment over until {@link #endLook}, so that all others have their turn. */
    void standBack(int segment) {
        long offset = offsetOfBack(segment);
        stoodBack.set(JAVA_LONG, offset, stoodBack.get(JAVA_LONG, offset) | 1L << segment);
        isAnyBack = true;
    }

    /** All had their turn. */
    void endLook() {
        if (isAnyBack) {
            stoodBack.fill((byte) 0);
            isAnyBack = false;
        }
    }

    void forgetSetAside() {
        setAside.fill((byte) 0);
    }

    private boolean isBack(int segment) {
        return (stoodBack.get(JAVA_LONG, offsetOfBack(segment)) & 1L << segment) != 0;
    }

    private static long offsetOfBack(int segment) {
        return segment / 64 * (long) Long.BYTES;
    }
}
