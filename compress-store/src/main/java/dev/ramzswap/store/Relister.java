package dev.ramzswap.store;

import java.io.IOException;
import java.util.concurrent.locks.Lock;

/**
 * Finds the holes of regions of which none is listed: after a takeover, after an evacuation that left something, and
 * where memory was damaged. All that no live record covers is free, however it looks. Used by one thread.
 *
 * <p><b>Why it is.</b> Of an unlisted region nobody allocates, so its live bytes only shrink. If they are just those of
 * the records that the survey found, and were the same before it, then nothing was freed meanwhile, and there is no
 * record that is allocated and not yet published. Nobody else writes to what is left over, so it can be made holes in
 * peace, and the region is listed only if its live bytes are still the same then.
 *
 * <p><b>If they are not</b>, somebody may be about to publish or to free a record. When all who were at work then are
 * through ({@link Activity}), the words are the truth: all of them are read, and the live bytes set to what they say.
 */
final class Relister {
    /** What a slow disk takes for a call: partial writes wait for that, and one of them may be at work at any time. */
    private static final long AWAIT_NANOS = 100_000_000;

    /**
     * A recount in vain comes again after so many times as long as it took. Compaction of all other regions waits for
     * this thread, and whoever is at work for long may be so until a disk comes back.
     */
    private static final int PAUSE_FACTOR = 9;

    /** However long it took: this thread may not have had a processor meanwhile. */
    private static final long MOST_PAUSE_NANOS = 2_000_000_000;

    private final RegionTable regions;
    private final RegionMemory regionMemory;
    private final Pool pool;
    private final Ownership ownership;
    private final Activity activity;
    private final RegionSurvey survey;
    private final Lock lock;

    /** When the next recount may be, by {@link System#nanoTime}. */
    private long nextRecount = System.nanoTime();

    Relister(Parts parts, Ownership ownership, Activity activity) {
        this.regions = parts.regions();
        this.regionMemory = parts.regionMemory();
        this.pool = parts.pool();
        this.ownership = ownership;
        this.activity = activity;
        this.survey = new RegionSurvey(parts.map(), pool);
        this.lock = regions.lock;
    }

    /** Lists the holes of one region, if there is one that waits for it. */
    Look relist() throws IOException {
        int region = next();
        if (region == Region.NONE) {
            return Look.NOTHING;
        }
        int live = live(region);
        regionMemory.mapResident(region);
        int found = survey.walk(region);
        if (found != live) {
            found = recountInTurn(region);
        }
        if (found == 0) {
            return retire(region) ? Look.GAINED : Look.BLOCKED;
        }
        return found >= 0 && list(region, found) ? Look.GAINED : Look.BLOCKED;
    }

    /** What is suspected of the region from now on, it was seen after this. */
    private int next() {
        lock.lock();
        try {
            int region = regions.rings.nextUnlisted();
            if (region != Region.NONE) {
                regions.trust(region);
            }
            return region;
        } finally {
            lock.unlock();
        }
    }

    private int live(int region) {
        lock.lock();
        try {
            return regions.live(region);
        } finally {
            lock.unlock();
        }
    }

    private boolean retire(int region) throws IOException {
        lock.lock();
        try {
            if (regions.live(region) != 0) {
                return false;
            }
            regions.retire(region);
        } finally {
            lock.unlock();
        }
        regionMemory.reuse(region);
        return true;
    }

    /** A recount, if the last one in vain is long enough ago; -1 if it is not. */
    private int recountInTurn(int region) {
        long begin = System.nanoTime();
        if (begin - nextRecount < 0) {
            return -1;
        }
        int found = recount(region);
        if (found < 0) {
            long end = System.nanoTime();
            nextRecount = end + Math.min(PAUSE_FACTOR * (end - begin), MOST_PAUSE_NANOS);
        }
        return found;
    }

    /**
     * Sets the live bytes of a region to what the words say. Who was at work before has published or freed what he had
     * there, and nobody allocates there since; who is at work meanwhile is waited for, lest he free what is not
     * counted.
     *
     * @return the live bytes, or -1 if somebody is at work for long, or has freed something meanwhile
     */
    private int recount(int region) {
        if (!activity.awaitAll(AWAIT_NANOS)) {
            return -1;
        }
        int live = live(region);
        int found = survey.scan(region, ownership);
        if (!activity.awaitAll(AWAIT_NANOS)) {
            return -1;
        }
        lock.lock();
        try {
            if (regions.live(region) != live) {
                return -1;
            }
            regions.setLive(region, found);
            return found;
        } finally {
            lock.unlock();
        }
    }

    /** Makes holes of what the survey left over; false if something has been freed since. */
    private boolean list(int region, int live) {
        long start = Region.start(region);
        for (int unit = survey.nextFree(0); unit < RegionSurvey.UNITS; unit = survey.nextFree(unit)) {
            int units = holeUnits(unit);
            makeHole(start + ((long) unit << Record.UNIT_SHIFT), units);
            unit += units;
        }
        if (!publish(region, live)) {
            return false;
        }
        for (int unit = survey.nextFree(0); unit < RegionSurvey.UNITS; unit = survey.nextFree(unit)) {
            int units = holeUnits(unit);
            if (units >= Holes.LEAST_LISTED) {
                pool.list(start + ((long) unit << Record.UNIT_SHIFT), units);
            }
            unit += units;
        }
        return true;
    }

    private int holeUnits(int unit) {
        return Holes.part(survey.nextCovered(unit) - unit);
    }

    /**
     * A hole that will be listed looks like one that is, so that nobody takes it for a crumb meanwhile. No header of an
     * earlier hole may be left in it: a store that takes it has not written its record at once, and what lies in its
     * room is looked at meanwhile.
     */
    private void makeHole(long place, int units) {
        pool.memory().asSlice(place, (long) units << Record.UNIT_SHIFT).fill((byte) 0);
        if (units >= Holes.LEAST_LISTED) {
            pool.holes().makeListed(place, units);
        } else {
            pool.holes().make(place, units);
        }
    }

    private boolean publish(int region, int live) {
        lock.lock();
        try {
            boolean isSame = regions.live(region) == live && !regions.isListing(region) && !regions.isSuspect(region);
            if (isSame) {
                regions.list(region);
            }
            return isSame;
        } finally {
            lock.unlock();
        }
    }
}
