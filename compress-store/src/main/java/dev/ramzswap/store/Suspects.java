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
 * of the segment have failed in each look for as long as the device is given to come back. Times are those of
 * {@link System#nanoTime}, and segments are named by the places where they begin. Used by one thread.
 *
 * <p>What nobody looked at may have been as it should be. So not the time from one look at a segment to the next
 * counts, since a bad disk takes long for each of the looks in between, but how much of it there was no look at all, or
 * one at what was as it should be.
 */
final class Suspects {
    private static final System.Logger LOG = System.getLogger(Suspects.class.getName());

    /** Bytes of a piece, of which a segment has as many as a long has bits. */
    static final int PIECE_BYTES = BackingFile.SEGMENT_BYTES / Long.SIZE;

    /** Segments that are remembered; others are {@link State#UNKNOWN} until one of these is forgotten. */
    static final int MOST = 1024;

    /** So many times the patience without a look something that is lost is so; after that it is to be found anew. */
    private static final int LOST_PATIENCES = 6;

    /** What is known of a segment's pieces. */
    enum State {
        /** Nothing: others are remembered, and nobody is kept waiting for this one. */
        UNKNOWN,

        /** They have not failed for long. */
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

        /** When they were first noted. */
        private long first;

        /** Since when the pieces have failed in each look. */
        private long since;

        /** Of {@link #idleNanos}, when they failed the last time. */
        private long idle;

        /** Those that did. */
        private FailedPieces pieces;

        private boolean isLost;

        Suspect(long content, FailedPieces pieces, long now) {
            this.content = content;
            begin(pieces, now);
        }

        private void begin(FailedPieces pieces, long now) {
            this.pieces = pieces;
            first = now;
            since = now;
            idle = idleNanos;
            isLost = false;
        }

        private boolean isOf(long segment) {
            return content == contentOf.applyAsLong(segment);
        }

        private boolean isForgotten() {
            return idleNanos - idle > (isLost ? LOST_PATIENCES * patienceNanos : patienceNanos);
        }

        private State failed(FailedPieces pieces, long begin, long end) {
            if (isForgotten()) {
                begin(pieces, end);
            } else if (!pieces.isWithin(this.pieces)) {
                since = end;
                isLost = false;
            }
            this.pieces = pieces;
            idle = idleNanos;
            if (begin - since < patienceNanos) {
                return begin - first < patienceNanos ? State.YOUNG : State.UNSTEADY;
            }
            State state = isLost ? State.LOST : State.NEWLY_LOST;
            isLost = true;
            return state;
        }
    }

    private final long patienceNanos;
    private final LongUnaryOperator contentOf;
    private final Map<Long, Suspect> suspects = new HashMap<>();

    /** For how long there was no look at any segment. */
    private long idleNanos;

    private long lastEnd;
    private boolean isAnyEnd;

    /** @param contentOf what tells a segment's content from the ones before and after it */
    Suspects(long patienceNanos, LongUnaryOperator contentOf) {
        this.patienceNanos = patienceNanos;
        this.contentOf = contentOf;
    }

    /** A look at some segment begins. */
    void beginLook(long now) {
        idleNanos += isAnyEnd ? now - lastEnd : 0;
        lastEnd = now;
        isAnyEnd = true;
    }

    void endLook(long now) {
        lastEnd = now;
    }

    /** What was looked at was as it should be, or the device was gone: that it took long says nothing of others. */
    void pause(long begin, long end) {
        idleNanos += end - begin;
    }

    /** Whether pieces of a segment, with the content that it has, were found to be lost. */
    boolean isLost(long segment) {
        Suspect suspect = suspects.isEmpty() ? null : suspects.get(segment);
        return suspect != null && suspect.isLost && suspect.isOf(segment);
    }

    /** Whether {@link #note} would say so of any segment. */
    boolean isAnyLost() {
        for (Map.Entry<Long, Suspect> entry : suspects.entrySet()) {
            Suspect suspect = entry.getValue();
            if (suspect.isLost && !suspect.isForgotten() && suspect.isOf(entry.getKey())) {
                return true;
            }
        }
        return false;
    }

    /**
     * Says which pieces have failed in a look at a segment, while the device gave back others. That may have taken long
     * for what did not fail, too: so they have failed from the end of a look to the beginning of another one.
     */
    State note(long segment, FailedPieces pieces, long begin, long end) {
        Suspect suspect = suspects.get(segment);
        if (suspect != null && suspect.isOf(segment)) {
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
            suspects.entrySet()
                    .removeIf(other ->
                            other.getValue().isForgotten() || !other.getValue().isOf(other.getKey()));
        }
        boolean isRoom = suspects.size() < MOST || suspects.containsKey(segment);
        if (isRoom) {
            suspects.put(segment, suspect);
        }
        return isRoom;
    }
}
