package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.NO_ROOM;
import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;

/** An owner of records that all have the same length; each holds its number. */
final class Records implements Mover {
    static final int BYTES = 4096;
    static final int PER_SEGMENT = SEGMENT_BYTES / BYTES;
    static final long PATIENCE = 1_000_000_000;

    final BackingFile backing;

    /** The number of each record, by its place. */
    final TreeMap<Long, Integer> live;

    /** Records that somebody has in his hands. */
    final Set<Long> pinned = new HashSet<>();

    /** The place of a record that its segment does not show, -1 for none. */
    long hidden = -1;

    /** After so many moved records the daemon is killed. */
    int movesLeft = Integer.MAX_VALUE;

    private final MemorySegment memory = Arena.ofAuto().allocate(8192, 8);
    private int number;

    Records(BackingFile backing) {
        this(backing, new TreeMap<>());
    }

    Records(BackingFile backing, TreeMap<Long, Integer> live) {
        this.backing = backing;
        this.live = live;
    }

    long append(long nanos) {
        memory.set(JAVA_INT, 0, ++number);
        long place = backing.append(memory, 0, BYTES, nanos);
        if (place >= 0) {
            live.put(place, number);
        }
        return place;
    }

    void fillUp() {
        long place = 0;
        while (place != NO_ROOM) {
            place = append(PATIENCE);
        }
    }

    /** Every n-th record from a segment on. */
    void free(int fromSegment, int every) {
        for (long place : new ArrayList<>(live.keySet())) {
            if (place / SEGMENT_BYTES >= fromSegment && place / BYTES % every == 0) {
                free(place);
            }
        }
    }

    void free(long place) {
        live.remove(place);
        backing.free(place, BYTES);
    }

    /** As a store does that finds no room. */
    boolean findsRoom() {
        for (int i = 0; i < 3000; i++) {
            if (append(0) >= 0) {
                return true;
            }
            backing.clean(this);
            LockSupport.parkNanos(1_000_000);
        }
        return false;
    }

    /** Appends, and cleans where there is no room, until there are so many records or so much time has passed. */
    void grow(int records, long nanos) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() - end < 0 && live.size() < records) {
            if (append(0) < 0) {
                backing.clean(this);
                LockSupport.parkNanos(1_000_000);
            }
        }
    }

    void checkAll() {
        try (ReadBuffer buffer = backing.readBuffer()) {
            MemorySegment into = Arena.ofAuto().allocate(8192, 8);
            live.forEach((place, value) -> {
                assertEquals(BackingFile.OK, backing.read(place, BYTES, into, 0, buffer), "at " + place);
                assertEquals(value, into.get(JAVA_INT, 0), "at " + place);
            });
        }
    }

    @Override
    public Result move(MemorySegment records, long begin, int length, Count count, Target target) {
        List<Long> places = new ArrayList<>(live.subMap(begin, begin + length).keySet());
        if (places.stream().anyMatch(pinned::contains)) {
            return Result.LATER;
        }
        places.remove(hidden);
        if (!places.stream().allMatch(place -> isIntact(records, begin, place))) {
            return Result.DAMAGED;
        }
        for (long place : places) {
            if (movesLeft-- <= 0 || !move(records, begin, place, target)) {
                return Result.LATER;
            }
        }
        if (live.containsKey(hidden) && count.live() > 0) {
            live.remove(hidden); // Nobody knows it any more.
            count.forget(BYTES);
        }
        return Result.EMPTIED;
    }

    private boolean isIntact(MemorySegment records, long begin, long place) {
        return records.get(JAVA_INT, place - begin) == live.get(place);
    }

    private boolean move(MemorySegment records, long begin, long place, Target target) {
        long moved = target.put(records, place - begin, BYTES);
        if (moved >= 0) {
            live.put(moved, live.remove(place));
            backing.free(place, BYTES);
        }
        return moved >= 0;
    }
}
