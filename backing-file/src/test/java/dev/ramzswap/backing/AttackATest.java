package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static dev.ramzswap.backing.BackingFileTest.await;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.*;

import java.io.IOException;
import java.lang.foreign.*;
import java.util.*;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.*;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AttackATest {
    private static final int SEGMENTS = 40;
    private final FaultyDevice device = new FaultyDevice(SEGMENTS);
    private final State state = State.fresh(device.size());

    /** Whether clean() comes back within 5 s, called up to so many times. */
    static String cleanReturns(BackingFile backing, Mover mover, int calls) throws InterruptedException {
        int[] n = {0};
        int[] last = {0};
        Thread t = new Thread(() -> {
            for (int i = 0; i < calls; i++) {
                last[0] = backing.clean(mover);
                n[0]++;
            }
        });
        t.setDaemon(true);
        t.start();
        t.join(8000);
        if (t.isAlive()) {
            long cpu = java.lang.management.ManagementFactory.getThreadMXBean().getThreadCpuTime(t.threadId());
            return "call " + n[0] + " (last result " + last[0] + ") has not returned after 8 s, cpu ms " + cpu / 1000000 + " at "
                    + Arrays.toString(Arrays.copyOf(t.getStackTrace(), Math.min(6, t.getStackTrace().length)));
        }
        return null;
    }

    /** Both segments of the reserve have a flipped bit. */
    @Test
    void cleaningWithoutAFreeSegmentComesBack() throws Exception {
        BackingFile backing = state.open(device, State.FAST);
        Records records = new Records(backing);
        records.fillUp();
        await(() -> state.segmentsIn(SegmentWord.STAGED) <= 1);
        records.free(0, 2);
        int damaged = 0;
        for (int segment = 0; segment < SEGMENTS; segment++) {
            long word = state.table().get(JAVA_LONG, 8L * segment);
            if (SegmentWord.state(word) == SegmentWord.FREE) {
                state.table().set(JAVA_LONG, 8L * segment, word ^ 1L << 20);
                damaged++;
            }
        }
        String s = cleanReturns(backing, records, 5);
        assertNull(s, "damaged " + damaged + ", free " + backing.freeSegments() + ": " + s);
    }

    /** As FileMover: a record that nobody knows any more is FORGOTTEN. */
    static final class Forgetful implements Mover {
        final Records records;

        Forgetful(Records records) {
            this.records = records;
        }

        @Override
        public Result move(MemorySegment content, long place, int length, IntSupplier live, Target target) {
            Result result = records.move(content, place, length, () -> 0, target);
            return result == Result.EMPTIED && live.getAsInt() > 0 ? Result.FORGOTTEN : result;
        }
    }

    @Test
    void aForgottenRecordDoesNotKeepTheBufferOfABadSegment() throws Exception {
        device.badSegments = 1;
        try (BackingFile backing = state.open(device, State.FAST)) {
            Records records = new Records(backing);
            for (int i = 0; i < 3 * Records.PER_SEGMENT; i++) {
                records.append(Records.PATIENCE);
            }
            records.live.remove(0L); // Its owner's word is damaged: nobody will ever free it.
            Forgetful mover = new Forgetful(records);
            long end = System.nanoTime() + 5_000_000_000L;
            boolean isBad = false;
            while (!isBad && System.nanoTime() < end) {
                backing.clean(mover);
                records.append(0);
                if (records.live.size() > 10 * Records.PER_SEGMENT) records.free(records.live.lastKey());
                LockSupport.parkNanos(1_000_000);
                isBad = SegmentWord.state(state.table().get(JAVA_LONG, 0)) != SegmentWord.STAGED;
            }
            assertTrue(isBad, "segment 0 still staged after 5 s; records of it alive in owner: "
                    + records.live.headMap((long) SEGMENT_BYTES).size() + ", write errors " + backing.writeErrors());
        }
    }

    /** All others have their turn. */
    @ParameterizedTest
    @ValueSource(ints = {15, 16})
    void sixteenVictimsInHandsDoNotKeepAllOthers(int hands) throws Exception {
        try (BackingFile backing = state.open(device, State.FAST)) {
            Records records = new Records(backing);
            records.fillUp();
            await(() -> state.segmentsIn(SegmentWord.STAGED) <= 1);
            records.free(0, 2);
            for (int segment = 0; segment < hands; segment++) {
                records.pinned.add(records.live.ceilingKey((long) segment * SEGMENT_BYTES));
            }
            boolean found = false;
            for (int i = 0; i < 3000 && !found; i++) {
                found = backing.clean(records) == BackingFile.CLEANED;
            }
            assertTrue(found, "never CLEANED in 3000 calls, free " + backing.freeSegments());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {7, 8})
    void cleanDoesNotTakeLong(int bad) throws Exception {
        Delays delays = new Delays(20_000_000, 8_000_000_000L, 5_000_000, 10_000_000_000L);
        BackingFile backing = state.open(device, delays);
        Records records = new Records(backing);
        records.fillUp();
        await(() -> state.segmentsIn(SegmentWord.STAGED) <= 1);
        for (long place : new ArrayList<>(records.live.headMap(10L * SEGMENT_BYTES).keySet())) records.free(place);
        records.free(10, 2);
        device.badSegments = bad;
        long end = System.nanoTime() + 22_000_000_000L;
        long longest = 0;
        String what = "";
        Random r = new Random(1);
        while (System.nanoTime() < end) {
            if (records.append(0) < 0) {
                long t = System.nanoTime();
                long c = java.lang.management.ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
                int res = backing.clean(records);
                c = java.lang.management.ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - c;
                t = System.nanoTime() - t;
                if (t > longest) {
                    longest = t;
                    what = "cpu ms " + c / 1000000 + " result " + res + " free " + backing.freeSegments() + " staged " + state.segmentsIn(1) + " bad " + state.segmentsIn(3);
                }
                LockSupport.parkNanos(1_000_000);
                if (r.nextInt(30) == 0) { Long k = records.live.ceilingKey((long) r.nextInt(SEGMENTS) * SEGMENT_BYTES); if (k != null) records.free(k); }
            }
        }
        System.out.println("BAD " + bad + " longest clean ms " + longest / 1_000_000 + " " + what + " live " + records.live.size());
        assertTrue(longest < 500_000_000, "longest clean ms " + longest / 1_000_000 + " " + what);
    }
}
