package dev.ramzswap.store;

import static dev.ramzswap.store.Region.BYTES;
import static dev.ramzswap.store.Region.NONE;
import static dev.ramzswap.store.Region.SHIFT;

/**
 * Which regions are in a state: a ring for each state whose regions somebody looks for. The closed ones have a ring for
 * each sixteenth of live bytes, so that an empty one is found at once, and one for those that are suspect. Guarded by
 * the pool's lock.
 */
final class RegionRings {
    private static final int BUCKET_SHIFT = SHIFT - 4;
    private static final int BUCKETS = BYTES >>> BUCKET_SHIFT;
    private static final int SUSPECT = BUCKETS;
    private static final int FREE = BUCKETS + 1;
    private static final int READY = BUCKETS + 2;
    private static final int UNLISTED = BUCKETS + 3;

    /** How many rings there are. */
    static final int COUNT = BUCKETS + 4;

    private final RegionEntries entries;

    RegionRings(RegionEntries entries) {
        this.entries = entries;
    }

    /** Puts a region into a state. */
    void enter(int region, int state) {
        entries.setState(region, state);
        int ring = ring(region);
        if (ring != NONE) {
            entries.link(region, ring);
        }
    }

    /** Puts a region from the state that it is in into another one. */
    void move(int region, int state) {
        leave(region);
        enter(region, state);
    }

    private void leave(int region) {
        int ring = ring(region);
        if (ring != NONE) {
            entries.unlink(region, ring);
        }
    }

    /** Changes the live bytes of a region. */
    void setLive(int region, int bytes) {
        int before = ring(region);
        entries.setLive(region, bytes);
        relink(region, before);
    }

    /** Changes whether a region is suspect. */
    void setSuspect(int region, boolean isSuspect) {
        int before = ring(region);
        entries.setSuspect(region, isSuspect);
        relink(region, before);
    }

    private void relink(int region, int before) {
        int ring = ring(region);
        if (ring != before) {
            entries.unlink(region, before);
            entries.link(region, ring);
        }
    }

    /** The ring of a region as it is now; NONE if its state has none. */
    private int ring(int region) {
        return switch (entries.state(region)) {
            case RegionTable.FREE -> FREE;
            case RegionTable.READY -> READY;
            case RegionTable.UNLISTED -> UNLISTED;
            case RegionTable.CLOSED -> entries.isSuspect(region) ? SUSPECT : bucket(entries.live(region));
            default -> NONE;
        };
    }

    private static int bucket(int bytes) {
        return Math.min(bytes >>> BUCKET_SHIFT, BUCKETS - 1);
    }

    /** A free region, or {@link Region#NONE}. */
    int firstFree() {
        return entries.first(FREE);
    }

    /** A ready region, or {@link Region#NONE}. */
    int firstReady() {
        return entries.first(READY);
    }

    /** A closed region that is suspect, or {@link Region#NONE}. */
    int firstSuspect() {
        return entries.first(SUSPECT);
    }

    /** A closed region with the fewest live bytes, to a sixteenth of a region, if it has at most {@code bytes}. */
    int emptiest(int bytes) {
        for (int bucket = 0; bucket <= bucket(bytes); bucket++) {
            int region = entries.first(bucket);
            if (region != NONE && entries.live(region) <= bytes) {
                return region;
            }
        }
        return NONE;
    }

    /** The unlisted region that has been waiting longest, which becomes the one that waits longest from now on. */
    int nextUnlisted() {
        int region = entries.first(UNLISTED);
        if (region != NONE) {
            entries.rotate(UNLISTED);
        }
        return region;
    }
}
