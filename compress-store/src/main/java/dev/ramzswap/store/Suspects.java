package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.BackingSize;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongUnaryOperator;

/**
 * Segments of the backing file of which the device does not give all back, though it does give back others. It may yet
 * do so: be it an error, or zeroes from a path that is just being changed. So something is lost only if the same pieces
 * of the segment have failed, in the same way, in {@value #LOOKS} looks one after the other, with half the time that a
 * device is given to come back between each and the next. A look in which nothing elsewhere could be read either counts
 * for nothing, and refutes nothing. What was last seen to fail an hour ago must fail anew, lost or not: a disk may have
 * been mended since. For what is not lost, that hour is one without such looks at others, of which each may take
 * minutes, and there may be thousands: they keep the next one at the segment from coming. What is lost is not looked at
 * while nobody needs its room, however long that is. Times are those of {@link System#nanoTime}, and segments are named
 * by the places where they begin. Used by one thread.
 */
final class Suspects {
    private static final System.Logger LOG = System.getLogger(Suspects.class.getName());

    /** Bytes of a piece, of which a segment has as many as a long has bits. */
    static final int PIECE_BYTES = BackingFile.SEGMENT_BYTES / Long.SIZE;

    /** Segments that are remembered; others are {@link State#UNKNOWN} until one of these is forgotten. */
    static final int MOST = 1024;

    private static final int LOOKS = 3;

    static final long MEMORY_NANOS = 3_600_000_000_000L;

    /** What is known of a segment's pieces. */
    enum State {
        /** Nothing: others are remembered, and nobody is kept waiting for this one. */
        UNKNOWN,

        /** They have failed in each look, but not for long. */
        YOUNG,

        /** It is not always the same ones that fail. */
        UNSTEADY,

        /** They are lost, since this very look. */
        NEWLY_LOST,

        /** They are lost. */
        LOST
    }

    private final class Suspect {
        private final long content;

        /** When they were first noted, or, if they were forgotten and are steady, noted anew. */
        private long first;

        private FailedPieces pieces;

        /**
         * Looks in which they have failed, one after the other; those that came too soon do not count. 0: forgotten.
         */
        private int looks;

        /** When the last of those ended. */
        private long last;

        /** {@link Suspects#failingNanos} then. */
        private long failingNanosThen;

        /** Whether it was said that they are lost. */
        private boolean isTold;

        /** Whether others have failed since then. */
        private boolean haveGrown;

        Suspect(long content, FailedPieces pieces, long now) {
            this.content = content;
            this.first = now;
            begin(pieces, now);
        }

        private void begin(FailedPieces pieces, long now) {
            this.pieces = pieces;
            looks = 1;
            isTold = false;
            ended(now);
        }

        private void ended(long now) {
            last = now;
            failingNanosThen = failingNanos;
        }

        private boolean isOf(long segment) {
            return content == contentOf.applyAsLong(segment);
        }

        private boolean isLost() {
            return looks >= LOOKS;
        }

        /** It may still be unsteady. */
        private void forgetIfOld(long now) {
            long othersNanos = isLost() ? 0 : failingNanos - failingNanosThen;
            if (now - last - othersNanos >= MEMORY_NANOS) {
                looks = 0;
            }
        }

        private State failed(FailedPieces pieces, long begin, long end) {
            if (looks == 0) {
                first = haveGrown ? first : end;
                begin(pieces, end);
            } else if (!pieces.isWithin(this.pieces)) {
                haveGrown = true;
                begin(pieces, end);
            } else {
                this.pieces = pieces;
                failedAgain(begin, end);
            }
            return isLost() ? lost() : isSteady(begin) ? State.YOUNG : State.UNSTEADY;
        }

        private void failedAgain(long begin, long end) {
            if (begin - last >= patienceNanos / 2) {
                looks++;
                ended(end);
            }
        }

        private State lost() {
            State state = isTold ? State.LOST : State.NEWLY_LOST;
            isTold = true;
            haveGrown = false;
            return state;
        }

        private boolean isSteady(long now) {
            return !haveGrown || now - first < patienceNanos;
        }
    }

    private final long patienceNanos;
    private final LongUnaryOperator contentOf;
    private final Map<Long, Suspect> suspects = new HashMap<>();

    /** What looks at segments that failed have taken. */
    private long failingNanos;

    /** @param contentOf what tells a segment's content from the ones before and after it */
    Suspects(long patienceNanos, LongUnaryOperator contentOf) {
        this.patienceNanos = patienceNanos;
        this.contentOf = contentOf;
    }

    /** Whether pieces of a segment, with the content that it has, were found to be lost. */
    boolean isLost(long segment) {
        Suspect suspect = suspects.isEmpty() ? null : suspects.get(segment);
        return suspect != null && suspect.isLost() && suspect.isOf(segment);
    }

    /** Whether {@link #note} would say so of any segment. */
    boolean isAnyLost() {
        for (Map.Entry<Long, Suspect> entry : suspects.entrySet()) {
            Suspect suspect = entry.getValue();
            if (suspect.isLost() && suspect.isOf(entry.getKey())) {
                return true;
            }
        }
        return false;
    }

    /**
     * Says which pieces have failed in a look at a segment, while the device gave back others. It may have taken long
     * for what did not fail: so the time between two looks is that from the end of the one to the beginning of the
     * other.
     */
    State note(long segment, FailedPieces pieces, long begin, long end) {
        Suspect suspect = suspects.get(segment);
        boolean isKnown = suspect != null && suspect.isOf(segment);
        if (isKnown) {
            suspect.forgetIfOld(begin);
        }
        failingNanos += end - begin;
        if (isKnown) {
            return suspect.failed(pieces, begin, end);
        }
        return add(segment, new Suspect(contentOf.applyAsLong(segment), pieces, end)) ? State.YOUNG : State.UNKNOWN;
    }

    /** All of a segment was read as it should be. */
    void forget(long segment) {
        if (!suspects.isEmpty()) {
            suspects.remove(segment);
        }
    }

    /** Returns whether it is remembered. */
    private boolean add(long segment, Suspect suspect) {
        if (suspects.isEmpty()) {
            LOG.log(
                    Level.WARNING,
                    "the backing file cannot be read back as it was written in the segment at byte "
                            + BackingSize.positionOf(segment)
                            + ": what is lost there is given up when a page finds no other room");
        }
        if (suspects.size() == MOST) {
            suspects.entrySet().removeIf(other -> !other.getValue().isOf(other.getKey()));
        }
        boolean isRoom = suspects.size() < MOST || suspects.containsKey(segment);
        if (isRoom) {
            suspects.put(segment, suspect);
        }
        return isRoom;
    }
}
