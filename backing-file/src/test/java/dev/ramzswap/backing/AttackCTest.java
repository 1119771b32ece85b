package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static dev.ramzswap.backing.BackingFileTest.await;
import static org.junit.jupiter.api.Assertions.*;

import java.util.*;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.*;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AttackCTest {
    private static final int SEGMENTS = 40;
    private final FaultyDevice device = new FaultyDevice(SEGMENTS);
    private final State state = State.fresh(device.size());

    /** Like cleaningDoesNotTakeTheLastBufferFromWhatIsStuck, with more bad ones, and more time. */
    @ParameterizedTest
    @ValueSource(ints = {8, 9, 10})
    void roomIsFoundBesidesBadSegments(int bad) throws Exception {
        Delays delays = new Delays(1_000_000, 100_000_000, 5_000_000, 0);
        try (BackingFile backing = state.open(device, delays)) {
            Records records = new Records(backing);
            records.fillUp();
            await(() -> state.segmentsIn(SegmentWord.STAGED) <= 1);
            for (long place : new ArrayList<>(records.live.headMap(10L * SEGMENT_BYTES).keySet())) records.free(place);
            records.free(10, 2);
            device.badSegments = bad;
            int before = records.live.size();
            int wanted = before + 10 * Records.PER_SEGMENT;
            records.grow(wanted, 12_000_000_000L);
            int first = records.live.size();
            int writes = (int) backing.writes();
            if (first < wanted) { // The owner frees half of what is there, in all segments.
                for (long place : new ArrayList<>(records.live.keySet())) if (place / 4096 % 3 != 0) records.free(place);
            }
            int half = records.live.size();
            records.grow(half + 64, 8_000_000_000L);
            String what = "bad " + bad + ": " + before + " -> " + first + " of " + wanted + " (good segments hold " + (SEGMENTS - bad) * 64 + "), then freed to " + half + " -> " + records.live.size()
                    + ", free " + backing.freeSegments() + ", staged " + state.segmentsIn(1) + ", BAD " + state.segmentsIn(3) + ", segments written since " + (backing.writes() - writes);
            System.out.println("ATT " + what);
            assertTrue(first >= wanted, what);
        }
    }

    /** What FileMover does when a pin outlasts its patience: half of them moved, LATER. Twice, while writes fail; then a takeover. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aTakeoverFindsRoomAfterTwoHalfMovedVictims(boolean isTakenOver) throws Exception {
        BackingFile backing = state.open(device, State.FAST);
        Records records = new Records(backing);
        records.fillUp();
        await(() -> state.segmentsIn(SegmentWord.STAGED) <= 1);
        records.free(0, 8);
        LockSupport.parkNanos(100_000_000);
        device.writes = FaultyDevice.DEAD;
        for (int i = 0; i < 2; i++) {
            records.movesLeft = 45;
            backing.clean(records);
            LockSupport.parkNanos(50_000_000);
        }
        records.movesLeft = 0; // Both still in somebody's hands at the next look.
        backing.clean(records);
        LockSupport.parkNanos(50_000_000);
        records.movesLeft = Integer.MAX_VALUE;
        device.writes = FaultyDevice.HEALTHY;
        await(() -> !backing.failing());
        LockSupport.parkNanos(200_000_000);
        BackingFile last = backing;
        System.out.println("ATT before the takeover: free " + backing.freeSegments() + ", staged " + state.segmentsIn(1));
        if (isTakenOver) {
            backing.close();
            device.closed = false;
            last = state.open(device, State.FAST);
            for (long place : records.live.keySet()) assertTrue(last.adopt(place, Records.BYTES));
            last.adopted();
            records = new Records(last, records.live);
        }
        Records r = records;
        BackingFile b = last;
        boolean[] found = {false};
        Thread t = new Thread(() -> found[0] = r.findsRoom());
        t.setDaemon(true);
        t.start();
        t.join(10_000);
        String what = "taken over " + isTakenOver + " found " + found[0] + " still searching " + t.isAlive() + " free " + b.freeSegments() + " staged " + state.segmentsIn(1)
                + " BAD " + state.segmentsIn(3) + " live " + r.live.size() + " of " + SEGMENTS * 64;
        System.out.println("ATT " + what + (t.isAlive() ? Arrays.toString(Arrays.copyOf(t.getStackTrace(), 8)) : ""));
        assertTrue(found[0], what);
    }

    /** A small bad area of a large file that was full once: the owner writes and frees at random, and a third is free. */
    @ParameterizedTest
    @org.junit.jupiter.params.provider.CsvSource({"600, 10", "600, 20"})
    void aBadAreaDoesNotEndAllWriting(int segments, int bad) throws Exception {
        FaultyDevice large = new FaultyDevice(segments);
        State memories = State.fresh(large.size());
        Delays delays = new Delays(1_000_000, 60_000_000, 5_000_000, 500_000_000);
        try (BackingFile backing = memories.open(large, delays)) {
            Records records = new Records(backing);
            records.fillUp();
            await(() -> memories.segmentsIn(SegmentWord.STAGED) <= 1);
            large.badSegments = bad;
            Random random = new Random(1);
            long end = System.nanoTime() + 12_000_000_000L;
            long last = System.nanoTime();
            int most = segments * 64 * 2 / 3;
            long longestGap = 0;
            int cleans = 0;
            while (System.nanoTime() < end) {
                if (records.live.size() > most) {
                    Long k = records.live.ceilingKey((long) random.nextInt(segments * 64) * 4096);
                    if (k != null) records.free(k);
                } else if (records.append(0) >= 0) {
                    longestGap = Math.max(longestGap, System.nanoTime() - last);
                    last = System.nanoTime();
                } else {
                    last = Math.min(last, System.nanoTime());
                    backing.clean(records);
                    cleans++;
                    LockSupport.parkNanos(200_000);
                }
            }
            records.checkAll();
            String what = "large, segments " + segments + " bad " + bad + ": ms since the last append " + (System.nanoTime() - last) / 1000000 + ", longest gap before " + longestGap / 1000000 + ", live " + records.live.size() + " of " + segments * 64
                    + ", free " + backing.freeSegments() + ", staged " + memories.segmentsIn(1) + ", BAD " + memories.segmentsIn(3) + ", writes " + backing.writes() + ", write errors " + backing.writeErrors() + ", cleans " + cleans;
            System.out.println("ATT " + what);
            assertTrue(System.nanoTime() - last < 3_000_000_000L, what);
        }
    }
}
