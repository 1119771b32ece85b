package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import java.lang.System.Logger.Level;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Segments of the backing file out of which a record was read that is not what was stored there. A device may give back
 * later what it does not give now (zeroes from a path that is just being changed, say), so that nothing of it is given
 * up before the same record has been found so again after a while, or a page finds no room: a segment that is kept for
 * what may come back must not cost what is there to be stored. Used by one thread.
 */
final class Suspects {
    private static final System.Logger LOG = System.getLogger(Suspects.class.getName());

    /** As long as it takes until a segment that cannot be read is tried again. */
    static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(10);

    /** Segments that are waited for at once; what lies in others is kept until one of these is settled. */
    static final int MOST = 1024;

    private static final long NONE = -1;

    /** The first such record of a segment, by the slot's word, and when it was found. */
    private record Suspect(long slot, long word, long since) {
        boolean is(long slot, long word) {
            return this.slot == slot && Slot.sameCopy(this.word, word);
        }
    }

    private final long patienceNanos;

    /** By segment, the longest known first. */
    private final Map<Long, Suspect> suspects = new LinkedHashMap<>();

    /** Whether nothing is waited for. */
    private boolean isScarce;

    /** The segment of which no more is waited for, in this look at it. */
    private long lost = NONE;

    Suspects(long patienceNanos) {
        this.patienceNanos = patienceNanos;
    }

    /** A look at a segment begins. */
    void beginLook() {
        lost = NONE;
    }

    /**
     * Says whether a page finds no room: then nothing is waited for.
     *
     * @return whether anything was, and is worth another look now
     */
    boolean setScarce(boolean isScarce) {
        this.isScarce = isScarce;
        boolean isAnyGivenUp = isScarce && !suspects.isEmpty();
        if (isAnyGivenUp) {
            suspects.clear();
        }
        return isAnyGivenUp;
    }

    /** Whether the record of a slot's word, which is not intact, is to be given up. If not, it is looked at later. */
    boolean isLost(long slot, long word) {
        long segment = Slot.place(word) / BackingFile.SEGMENT_BYTES;
        if (segment == lost) {
            return true;
        }
        Suspect suspect = suspects.get(segment);
        long now = System.nanoTime();
        if (!isScarce && (suspect == null || !suspect.is(slot, word))) {
            note(segment, new Suspect(slot, word, now), now);
            return false;
        }
        if (!isScarce && now - suspect.since() < patienceNanos) {
            return false;
        }
        LOG.log(Level.ERROR, "segment " + segment + " of the backing file: pages are lost that are not intact there");
        suspects.remove(segment);
        lost = segment;
        return true;
    }

    private void note(long segment, Suspect suspect, long now) {
        noteFirst(segment);
        suspects.remove(segment);
        if (suspects.size() == MOST) {
            dropOldest(now);
        }
        if (suspects.size() < MOST) {
            suspects.put(segment, suspect);
        }
    }

    /** One that was not looked at again for so long has been overwritten, or freed. */
    private void dropOldest(long now) {
        Iterator<Suspect> all = suspects.values().iterator();
        if (now - all.next().since() >= 2 * patienceNanos) {
            all.remove();
        }
    }

    private void noteFirst(long segment) {
        if (suspects.isEmpty()) {
            LOG.log(
                    Level.WARNING,
                    "segment " + segment + " of the backing file does not read as it was written: in "
                            + TimeUnit.NANOSECONDS.toMinutes(patienceNanos)
                            + " minutes or more, or when a page finds no room, what is"
                            + " not intact there then is given up");
        }
    }
}
