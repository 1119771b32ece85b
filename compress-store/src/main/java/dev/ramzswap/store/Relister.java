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
 * <p><b>If they are not</b>, somebody may be about to publish or to free a record, or a free could not be counted, for
 * a damaged header: then a {@link Recount} sets the live bytes. What a damaged header hides from the walk, a look at
 * the words of all slots finds.
 */
final class Relister {
    /** Regions in a look. Those that cannot be listed yet keep nobody waiting. */
    private static final int MOST_REGIONS = 64;

    private final RegionTable regions;
    private final RegionMemory regionMemory;
    private final Pool pool;
    private final Ownership ownership;
    private final Recount recount;
    private final RegionSurvey survey;
    private final Lock lock;

    Relister(Parts parts, Ownership ownership, Activity activity) {
        this.regions = parts.regions();
        this.regionMemory = parts.regionMemory();
        this.pool = parts.pool();
        this.ownership = ownership;
        this.recount = new Recount(parts, ownership, activity);
        this.survey = new RegionSurvey(parts.map(), pool);
        this.lock = regions.lock;
    }

    /** Lists the holes of one region, if there is one that waits for it. */
    Look relist() throws IOException {
        Look look = relistOne();
        return look == Look.BLOCKED && recount.proceed() ? relistOne() : look;
    }

    /** The first that can be listed. */
    private Look relistOne() throws IOException {
        Look look = Look.NOTHING;
        int first = Region.NONE;
        for (int i = 0; i < MOST_REGIONS && look != Look.GAINED; i++) {
            int region = next();
            if (region == Region.NONE || region == first) {
                return look;
            }
            first = i == 0 ? region : first;
            look = relist(region);
        }
        return look;
    }

    private Look relist(int region) throws IOException {
        int live = live(region);
        regionMemory.mapResident(region);
        boolean isFound =
                survey.walk(region) == live || recount.takeResult(region) && survey.scan(region, ownership) == live;
        if (!isFound) {
            recount.begin();
            return Look.BLOCKED;
        }
        boolean isDone = live == 0 ? retire(region) : list(region, live);
        return isDone ? Look.GAINED : Look.BLOCKED;
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
