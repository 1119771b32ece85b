package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.Map;

/**
 * Segments of the backing file of which the device does not give all back, though it does give back others. It may yet
 * do so: be it an error, or zeroes from a path that is just being changed. So something is lost only if the same pieces
 * of the segment have failed in each look for as long as the device is given to come back. Used by one thread.
 */
final class Suspects {
    private static final System.Logger LOG = System.getLogger(Suspects.class.getName());

    /** Bytes of a piece, of which a segment has as many as a long has bits. */
    static final int PIECE_BYTES = BackingFile.SEGMENT_BYTES / Long.SIZE;

    /** Segments that are remembered; others wait until one of these is settled. */
    private static final int MOST = 1024;

    /** After so many times the patience without a look nobody knows whether a piece has failed all the time. */
    private static final int LONGEST_GAP = 10;

    /** What is known of a segment's pieces. */
    enum State {
        /** They have not failed for long. */
        YOUNG,

        /** It is not always the same ones that fail. */
        UNSTEADY,

        /** They are lost, since this very look. */
        NEWLY_LOST,

        /** They are lost. */
        LOST
    }

    private static final class Suspect {
        private final long content;

        /** When they were first noted. */
        private long first;

        /** Since when the pieces have failed in each look. */
        private long since;

        /** A bit for each that did. */
        private long pieces;

        private long last;
        private boolean isLost;

        Suspect(long content, long pieces, long now) {
            this.content = content;
            this.pieces = pieces;
            this.first = now;
            this.since = now;
            this.last = now;
        }
    }

    private final long patienceNanos;
    private final Map<Long, Suspect> suspects = new HashMap<>();

    Suspects(long patienceNanos) {
        this.patienceNanos = patienceNanos;
    }

    /** Whether pieces of a segment, with the content that it has, were found to be lost. */
    boolean isLost(long segment, long content) {
        Suspect suspect = suspects.isEmpty() ? null : suspects.get(segment);
        return suspect != null && suspect.content == content && suspect.isLost;
    }

    /**
     * Says which pieces have failed in a look at a segment, while the device gave back others.
     *
     * @param now as {@link System#nanoTime} tells it
     */
    State note(long segment, long content, long pieces, long now) {
        Suspect suspect = suspects.get(segment);
        if (suspect == null || suspect.content != content) {
            add(segment, new Suspect(content, pieces, now));
            return State.YOUNG;
        }
        boolean isGap = !suspect.isLost && now - suspect.last > LONGEST_GAP * patienceNanos;
        if (isGap || (pieces & ~suspect.pieces) != 0) {
            suspect.since = now;
            suspect.isLost = false;
        }
        suspect.first = isGap ? now : suspect.first;
        suspect.last = now;
        suspect.pieces = pieces;
        return stateOf(suspect, now);
    }

    private State stateOf(Suspect suspect, long now) {
        if (now - suspect.since < patienceNanos) {
            return now - suspect.first < patienceNanos ? State.YOUNG : State.UNSTEADY;
        }
        State state = suspect.isLost ? State.LOST : State.NEWLY_LOST;
        suspect.isLost = true;
        return state;
    }

    /** All of a segment was moved, or its content is another one. */
    void forget(long segment) {
        if (!suspects.isEmpty()) {
            suspects.remove(segment);
        }
    }

    private void add(long segment, Suspect suspect) {
        if (suspects.isEmpty()) {
            LOG.log(
                    Level.WARNING,
                    "segment " + segment + " of the backing file cannot be read back as it was written: what is lost"
                            + " there is given up when a page finds no other room");
        }
        if (suspects.size() < MOST || suspects.containsKey(segment)) {
            suspects.put(segment, suspect);
        } else {
            suspects.values()
                    .removeIf(other -> suspect.first - other.last > LONGEST_GAP * patienceNanos && !other.isLost);
        }
    }
}
