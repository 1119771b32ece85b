package dev.ramzswap.store;

import java.util.Arrays;
import java.util.concurrent.locks.Lock;

/**
 * Sets the live bytes of unlisted regions to what the words of all slots say, where frees could not be counted. Of such
 * a region nobody allocates, so:
 *
 * <ol>
 *   <li>who was at work when it began has published or freed what he had there, when he is through;
 *   <li>then all words are read;
 *   <li>who was at work meanwhile may free what is not counted any more, until he is through. If the live bytes are
 *       then what they were before the words were read, nobody has.
 * </ol>
 *
 * It never waits: an operation may last until a disk answers, and then the next one has begun. Used by one thread,
 * which is the only one by which regions leave that state.
 */
final class Recount {
    private static final int MOST_REGIONS = 64;

    /** The words of all slots are read again after so many times as long as that took. */
    private static final int PAUSE_FACTOR = 9;

    /** However long it took: this thread may not have had a processor meanwhile. */
    private static final long MOST_PAUSE_NANOS = 2_000_000_000;

    private enum Stage {
        NONE,
        BEFORE_WORDS,
        AFTER_WORDS
    }

    private final RegionTable regions;
    private final SlotMap map;
    private final Pool pool;
    private final Ownership ownership;
    private final Activity.InFlight inFlight;
    private final Lock lock;

    private Stage stage = Stage.NONE;

    /** In ascending order; those behind {@link #count} are of no meaning. */
    private final int[] counted = new int[MOST_REGIONS];

    private int count;

    /** Live bytes of each of them, before the words were read, and by the words. */
    private final int[] before = new int[MOST_REGIONS];

    private final int[] found = new int[MOST_REGIONS];

    /** When the next one may begin, by {@link System#nanoTime}. */
    private long next = System.nanoTime();

    Recount(Parts parts, Ownership ownership, Activity activity) {
        this.regions = parts.regions();
        this.map = parts.map();
        this.pool = parts.pool();
        this.ownership = ownership;
        this.inFlight = activity.new InFlight();
        this.lock = regions.lock;
    }

    /** Whether the last recount has set the live bytes of a region, which is unlisted since then. Says so once. */
    boolean takeResult(int region) {
        lock.lock();
        try {
            boolean isSet = stage == Stage.NONE && regions.isCounted(region);
            if (isSet) {
                regions.endCount(region);
            }
            return isSet;
        } finally {
            lock.unlock();
        }
    }

    /** Begins with those regions that are unlisted now, unless one is under way, or the last was a moment ago. */
    void begin() {
        if (stage != Stage.NONE || System.nanoTime() - next < 0) {
            return;
        }
        lock.lock();
        try {
            for (int i = 0; i < count; i++) {
                regions.endCount(counted[i]);
            }
            count = regions.beginCount(counted);
        } finally {
            lock.unlock();
        }
        Arrays.sort(counted, 0, count);
        inFlight.begin();
        stage = Stage.BEFORE_WORDS;
    }

    /** Goes on, if those are through who have to be. Returns whether the live bytes are set. */
    boolean proceed() {
        if (stage == Stage.BEFORE_WORDS && !isAnyLeft()) {
            stage = Stage.NONE;
        }
        if (stage == Stage.BEFORE_WORDS && inFlight.isOver()) {
            long begin = System.nanoTime();
            noteLive();
            readWords();
            inFlight.begin();
            long end = System.nanoTime();
            next = end + Math.min(PAUSE_FACTOR * (end - begin), MOST_PAUSE_NANOS);
            stage = Stage.AFTER_WORDS;
        }
        if (stage == Stage.AFTER_WORDS && inFlight.isOver()) {
            setLive();
            stage = Stage.NONE;
            return true;
        }
        return false;
    }

    /** Those that could be listed meanwhile need no count. */
    private boolean isAnyLeft() {
        for (int i = 0; i < count; i++) {
            if (regions.isCounted(counted[i])) {
                return true;
            }
        }
        return false;
    }

    private void noteLive() {
        Arrays.fill(found, 0);
        lock.lock();
        try {
            for (int i = 0; i < count; i++) {
                before[i] = regions.live(counted[i]);
            }
        } finally {
            lock.unlock();
        }
    }

    /** A slot whose record is not its own is lost. */
    private void readWords() {
        for (long slot = map.nextUsed(0); slot < map.slots(); slot = map.nextUsed(slot + 1)) {
            long word = map.get(slot);
            int region = Slot.kind(word) == Slot.KIND_POOL ? Region.of(Slot.place(word)) : Region.NONE;
            if (region != Region.NONE && regions.isCounted(region)) {
                count(slot, word, region);
            }
        }
    }

    private void count(long slot, long word, int region) {
        if (pool.isRecordOf(slot, word)) {
            found[index(region)] += Record.roomFor(Slot.length(word));
        } else {
            ownership.lose(slot, word);
        }
    }

    private void setLive() {
        lock.lock();
        try {
            for (int i = 0; i < count; i++) {
                setLive(counted[i], before[i], found[i]);
            }
        } finally {
            lock.unlock();
        }
    }

    private void setLive(int region, int liveBefore, int bytes) {
        if (!regions.isCounted(region)) {
            return; // By now it may be in another life.
        }
        if (regions.live(region) == liveBefore) {
            regions.setLive(region, bytes);
        } else {
            regions.endCount(region);
        }
    }

    private int index(int region) {
        return Arrays.binarySearch(counted, 0, count, region);
    }
}
