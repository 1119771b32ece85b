package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static dev.ramzswap.backing.BackingFileTest.await;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.FaultyDevice.Fault;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Segments that cannot be cleaned, and victims that cannot be read, at the worst moments: cleaning ends, and room that
 * is there is found.
 */
@Timeout(100)
class CleaningTest {
    private static final int SEGMENTS = 40;

    /** Of which 14 free ones are few. */
    private static final int LARGE = 300;

    private static final Delays SLOW_READS =
            new Delays(60_000_000_000L, 60_000_000_000L, TimeUnit.MINUTES.toNanos(10), 50_000_000);

    private final FaultyDevice device = new FaultyDevice(SEGMENTS);
    private final SlowMover mover = new SlowMover();
    private final State state = State.fresh(device.size());

    @Test
    void aVictimThatDoesNotFitDoesNotHideOneThatDoes() throws IOException {
        try (BackingFile backing = state.open(device, State.FAST)) {
            Records records = new Records(backing);
            records.fillUp();
            await(() -> state.segmentsIn(SegmentWord.STAGED) == 0);
            keep(records, 5, 10);
            assertEquals(Cleaning.CLEANED, backing.clean(records));
            for (int segment = 0; segment < 3; segment++) {
                keep(records, segment, 55);
            }
            keep(records, 10, 1);
            damageFreeWords(SEGMENTS);
            assertEquals(BackingFile.NO_ROOM, records.append(0));
            assertEquals(Cleaning.CLEANED, backing.clean(records));
        }
    }

    /** The first ones, at most so many. */
    private void damageFreeWords(int most) {
        int left = most;
        for (int segment = 0; left > 0 && segment < SEGMENTS; segment++) {
            long word = state.table().get(JAVA_LONG, 8L * segment);
            if (SegmentWord.state(word) == SegmentWord.FREE) {
                state.table().set(JAVA_LONG, 8L * segment, word ^ 1L << 20);
                left--;
            }
        }
    }

    private static void keep(Records records, int segment, int count) {
        long begin = (long) segment * SEGMENT_BYTES;
        var places = new ArrayList<>(
                records.live.subMap(begin, begin + SEGMENT_BYTES).keySet());
        places.subList(count, places.size()).forEach(records::free);
    }

    @Test
    void readsThatFailedForLongerThanThePatienceDoNotEndCleaning() throws IOException {
        Delays delays = new Delays(1_000_000, 4_000_000, TimeUnit.MINUTES.toNanos(10), 100_000_000);
        try (BackingFile backing = state.open(device, delays)) {
            Records records = new Records(backing);
            halfFill(records);
            device.reads = FaultyDevice.DEAD;
            await(() -> backing.clean(records) == Cleaning.CLEAN);
            device.reads = FaultyDevice.HEALTHY;
            assertTrue(records.findsRoom());
        }
    }

    /** What is kept takes longer for that than the patience, and the device has failed all the same. */
    @Test
    void slowReadsBetweenFailuresDoNotKeepCleaningFromItsEnd() throws IOException {
        long patience = 50_000_000;
        Delays delays = new Delays(1_000_000, 4_000_000, TimeUnit.MINUTES.toNanos(10), patience);
        Mover mover = new TestMover((content, place, target) -> {
            if (place != SEGMENT_BYTES) {
                return Mover.Result.DAMAGED;
            }
            LockSupport.parkNanos(2 * patience);
            return Mover.Result.KEPT;
        });
        try (BackingFile backing = state.open(device, delays)) {
            halfFill(new Records(backing));
            await(() -> backing.clean(mover) == Cleaning.CLEAN);
        }
    }

    /** Nor is it said to be gone for what failed once, since all else in the look took longer than the patience. */
    @Test
    void oneFailureIsNoneForAsLongAsTheLookTakes() throws IOException {
        long patience = 50_000_000;
        Delays delays = new Delays(1_000_000, 4_000_000, TimeUnit.MINUTES.toNanos(10), patience);
        AtomicBoolean isFirst = new AtomicBoolean(true);
        Mover mover = new TestMover((content, place, target) -> {
            if (isFirst.getAndSet(false)) {
                return Mover.Result.DAMAGED;
            }
            LockSupport.parkNanos(place == SEGMENT_BYTES ? 2 * patience : 0);
            return Mover.Result.KEPT;
        });
        try (BackingFile backing = state.open(device, delays)) {
            halfFill(new Records(backing));
            assertEquals(Cleaning.BUSY, backing.clean(mover));
            assertEquals(Cleaning.CLEAN, backing.clean(mover), "a look in which nothing failed");
        }
    }

    /** A look takes longer than the patience for what fails in it, and for its retry: that is no pause either. */
    @Test
    void aSlowFailureThatIsTriedOnceMoreDoesNotKeepCleaningFromItsEnd() throws IOException {
        long patience = 50_000_000;
        Delays delays = new Delays(1_000_000, 4_000_000, TimeUnit.MINUTES.toNanos(10), patience);
        Mover mover = new TestMover((content, place, target) -> {
            LockSupport.parkNanos(place == 0 ? 2 * patience : 500_000);
            return place == 0 ? Mover.Result.DAMAGED : Mover.Result.KEPT;
        });
        try (BackingFile backing = state.open(device, delays)) {
            halfFill(new Records(backing));
            await(() -> backing.clean(mover) == Cleaning.CLEAN);
        }
    }

    /** Reads that take long to fail: to try all of a large device would take days, in which nobody is refused. */
    @Test
    void aDeviceThatFailsSlowlyIsNotLookedAtToItsEnd() throws IOException {
        try (BackingFile backing = state.open(device, SLOW_READS)) {
            halfFill(new Records(backing));
            assertEquals(Cleaning.CLEAN, backing.clean(mover));
            assertEquals(2, mover.looks);
            assertEquals(Cleaning.CLEAN, backing.clean(mover), "it has failed for long");
            assertEquals(3, mover.looks);
        }
    }

    /** Others may be intact then. */
    @Test
    void aDeviceThatGivesAnythingBackIsLookedAtToItsEnd() throws IOException {
        try (BackingFile backing = state.open(device, SLOW_READS)) {
            halfFill(mover.others = new Records(backing));
            mover.results = List.of(Mover.Result.UNREADABLE, Mover.Result.KEPT, Mover.Result.UNREADABLE);
            assertEquals(Cleaning.CLEANED, backing.clean(mover));
        }
    }

    /** Nor does it count as gone for what is not even tried. */
    @Test
    void aDeviceThatFailedIsTriedAgain() throws IOException {
        try (BackingFile backing = state.open(device, SLOW_READS)) {
            halfFill(mover.others = new Records(backing));
            mover.results = List.of(Mover.Result.UNREADABLE, Mover.Result.UNREADABLE);
            assertEquals(Cleaning.CLEAN, backing.clean(mover));
            mover.inVain = 2L * SEGMENT_BYTES;
            assertEquals(Cleaning.CLEANED, backing.clean(mover));
        }
    }

    /** What is tried first when it is back is in other hands, or bad: that keeps nobody from all the others. */
    @Test
    void aDeviceThatIsBackIsKnownByAnySegment() throws IOException {
        Delays delays = new Delays(1_000_000, TimeUnit.HOURS.toNanos(1), TimeUnit.MINUTES.toNanos(10), 50_000_000);
        AtomicBoolean isGone = new AtomicBoolean(true);
        try (BackingFile backing = state.open(device, delays)) {
            Records records = new Records(backing);
            halfFill(records);
            long good = records.live.lastKey() - 3L * SEGMENT_BYTES;
            Mover mover = new TestMover((content, place, target) -> {
                if (isGone.get()) {
                    return Mover.Result.UNREADABLE;
                }
                return place > good ? records.move(content, place, SEGMENT_BYTES, null, target) : Mover.Result.LATER;
            });
            await(() -> backing.clean(mover) == Cleaning.CLEAN);
            for (int look = 0; look < SEGMENTS; look++) {
                backing.clean(mover); // Each tries one more of those that were not tried yet.
            }
            isGone.set(false);
            await(() -> records.append(0) >= 0 || backing.clean(mover) == null);
        }
    }

    /** Takes longer than the patience for each of the first ones. */
    private static final class SlowMover implements Mover {
        private static final int SLOW_LOOKS = 3;

        /** What comes of the first ones; null for all. */
        private List<Result> results;

        /** Whose are those behind them. */
        private Records others;

        private long inVain = -1;
        private int looks;

        @Override
        public boolean isInVain(long place) {
            return place == inVain;
        }

        @Override
        public Result move(MemorySegment content, long place, int length, Count count, Target target) {
            LockSupport.parkNanos(looks < SLOW_LOOKS ? 2 * SLOW_READS.patience() : 0);
            int look = looks++;
            if (results == null) {
                return Result.UNREADABLE;
            }
            return look < results.size() ? results.get(look) : others.move(content, place, length, count, target);
        }
    }

    @Test
    void allThatFailedForAMomentAreLookedAtAnew() throws IOException {
        try (BackingFile backing = state.open(device, State.FAST)) {
            Records records = new Records(backing);
            halfFill(records);
            Set<Long> failed = new HashSet<>();
            Mover mover = new Mover() {
                @Override
                public Result move(MemorySegment content, long place, int length, Count count, Target target) {
                    LockSupport.parkNanos(1_000_000);
                    return failed.add(place) ? Result.DAMAGED : records.move(content, place, length, count, target);
                }
            };
            assertEquals(Cleaning.CLEANED, backing.clean(mover));
            assertEquals(Cleaning.CLEANED, backing.clean(mover));
        }
    }

    private void halfFill(Records records) {
        records.fillUp();
        await(() -> state.segmentsIn(SegmentWord.STAGED) == 0);
        records.free(0, 2);
    }

    @Test
    void aSegmentIsCleanedThoughAPieceWithoutLiveRecordsCannotBeRead() throws IOException {
        try (BackingFile backing = state.open(device, State.FAST)) {
            Records records = new Records(backing);
            halfFill(records); // What is left lies at odd multiples of a record.
            device.unreadable = position -> position / Records.BYTES % 16 == 0;
            records.checkAll();
            assertTrue(records.findsRoom());
            records.checkAll();
        }
    }

    /** Both segments that are left to cleaning cannot be used, and others are half empty. */
    @Test
    void cleaningEndsThoughNoSegmentIsFreeForIt() throws IOException {
        try (BackingFile backing = state.open(device, State.FAST)) {
            Records records = new Records(backing);
            records.fillUp();
            await(() -> state.segmentsIn(SegmentWord.STAGED) <= 1);
            records.free(0, 2);
            damageFreeWords(SEGMENTS);
            await(() -> backing.clean(records) == Cleaning.CLEAN);
        }
    }

    /** As many as are chosen at once, and one more. */
    @ParameterizedTest
    @ValueSource(ints = {15, 16, 20})
    void victimsInHandsDoNotKeepOthersFromTheirTurn(int hands) throws IOException {
        try (BackingFile backing = state.open(device, State.FAST)) {
            Records records = new Records(backing);
            records.fillUp();
            await(() -> state.segmentsIn(SegmentWord.STAGED) <= 1);
            records.free(0, 2);
            for (int segment = 0; segment < hands; segment++) {
                records.pinned.add(records.live.ceilingKey((long) segment * SEGMENT_BYTES));
            }
            assertEquals(Cleaning.CLEANED, backing.clean(records));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void freeSegmentsWithDamagedWordsAreNotTakenForTheReserve(int damaged) throws IOException {
        try (BackingFile backing = state.open(device, State.FAST)) {
            Records records = new Records(backing);
            while (backing.freeSegments() > 3) {
                records.append(Records.PATIENCE);
            }
            damageFreeWords(damaged);
            records.fillUp();
            records.free(0, 2);
            assertTrue(records.findsRoom());
        }
    }

    @Test
    void cleanIsNotSaidWhileAFailedWriteWaitsForItsTurn() throws IOException {
        device.writes = call -> call >= 20 && call <= 23 ? Fault.EIO : Fault.NONE;
        Delays delays = new Delays(4_000_000_000L, 4_000_000_000L, 5_000_000, 0);
        try (BackingFile backing = state.open(device, delays)) {
            Records records = new Records(backing);
            records.fillUp();
            await(() -> state.segmentsIn(SegmentWord.STAGED) == 4);
            for (long place : new ArrayList<>(records.live.keySet())) {
                long word = state.table().get(JAVA_LONG, place / SEGMENT_BYTES * 8);
                if (SegmentWord.state(word) == SegmentWord.STAGED && place % SEGMENT_BYTES > 0) {
                    records.free(place);
                }
            }
            assertNotEquals(Cleaning.CLEAN, backing.clean(records));
        }
    }

    /** All buffers of stores are stuck, other segments are free, and a look at victims that fail takes an hour. */
    @Test
    void aSegmentThatCannotBeWrittenIsRescuedBetweenTwoVictims() throws Exception {
        FaultyDevice large = new FaultyDevice(LARGE);
        CountDownLatch areAllStuck = new CountDownLatch(1);
        CountDownLatch mayEnd = new CountDownLatch(1);
        try (BackingFile backing = State.fresh(large.size()).open(large, State.FAST)) {
            Records records = new Records(backing);
            freeTwelve(records);
            large.unwritable = position -> position < 5L * SEGMENT_BYTES || position >= (LARGE - 2L) * SEGMENT_BYTES;
            AtomicBoolean isFirst = new AtomicBoolean(true);
            AtomicBoolean isRescued = new AtomicBoolean();
            Mover slow = new TestMover((content, place, target) -> {
                if (content.isReadOnly()) {
                    synchronized (records) {
                        Mover.Result result = records.move(content, place, SEGMENT_BYTES, null, target);
                        isRescued.set(true);
                        return result;
                    }
                }
                awaitOpen(isFirst.getAndSet(false) ? areAllStuck : mayEnd);
                return Mover.Result.DAMAGED;
            });
            Thread cleaner = Thread.ofPlatform().start(() -> {
                while (mayEnd.getCount() > 0) {
                    backing.clean(slow);
                }
            });
            try {
                await(() -> !isFirst.get());
                await(() -> append(records) == BackingFile.FAILED);
                long errors = backing.writeErrors();
                await(() -> backing.writeErrors() > errors + 100); // Each has failed too often.
                areAllStuck.countDown();
                await(isRescued::get); // It may be all of them at once, for which an append finds no segment.
            } finally {
                areAllStuck.countDown();
                mayEnd.countDown();
                cleaner.join();
            }
        }
    }

    /** So that segments run low; the last two come before them. */
    private static void freeTwelve(Records records) {
        records.fillUp();
        await(() -> records.backing.writes() == LARGE - Staging.RESERVE);
        records.free(12, 2);
        new ArrayList<>(records.live.headMap(12L * SEGMENT_BYTES).keySet()).forEach(records::free);
    }

    private static long append(Records records) {
        synchronized (records) {
            return records.append(0);
        }
    }

    private static void awaitOpen(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
