package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static dev.ramzswap.backing.BackingFileTest.await;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.FaultyDevice.Fault;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongPredicate;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Segments that cannot be written, and a device that fails as a whole, at the worst moments: room that is there is
 * found again, and none is lost. Each was proven by the attack of 29 November.
 */
@Timeout(100)
class StuckSegmentsTest {
    private static final int SEGMENTS = 40;

    /** Three failures of one segment take a second: all else is done by then. */
    private static final Delays SLOW = new Delays(300_000_000, 600_000_000, 5_000_000, 0);

    private final FaultyDevice device = new FaultyDevice(SEGMENTS);
    private final State state = State.fresh(device.size());
    private final MemorySegment memory = Arena.ofAuto().allocate(8192, 8);

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void roomIsFoundThoughTheLastFailuresComeWhenThereIsNone(int bad) throws IOException {
        device.badSegments = bad;
        try (BackingFile backing = state.open(device, SLOW)) {
            Records records = new Records(backing);
            records.fillUp();
            records.free(bad, 2);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1500));
            assertTrue(records.findsRoom());
        }
    }

    /**
     * Its first segments are stuck, one other was written: that it is gone must end the waiting for it all the same.
     */
    @Test
    void aDeviceThatIsGoneAfterABadAreaIsSaidToFail() throws IOException {
        device.badSegments = Staging.MOST_OF_STORES;
        device.writes = call -> call == 0 ? Fault.NONE : Fault.EIO;
        try (BackingFile backing = state.open(device, State.FAST)) {
            Records records = new Records(backing);
            long place = 0;
            while (place >= 0) {
                place = records.append(0);
            }
            while (backing.appendMoved(memory, 0, Records.BYTES) >= 0) {}
            await(() -> backing.writes() == 1);
            await(() -> {
                backing.clean(records);
                return records.append(0) == BackingFile.FAILED;
            });
        }
    }

    /**
     * As above, but for the one that was condemned before the other was written: it is tried again, however often those
     * in the buffers before it are.
     */
    @Test
    void whoIsCondemnedHasHisTurn() throws IOException {
        device.badSegments = Staging.MOST_OF_STORES;
        device.writes = FaultyDevice.DEAD;
        try (BackingFile backing = state.open(device, State.FAST)) {
            Records records = new Records(backing);
            while (records.append(0) >= 0) {}
            for (int turn = 0; turn < 4; turn++) {
                await(backing::cleaningDue);
                backing.clean(records);
            }
            await(backing::cleaningDue);
            AtomicBoolean isFirst = new AtomicBoolean(true);
            device.writes = call -> isFirst.getAndSet(false) ? Fault.NONE : Fault.EIO;
            while (backing.appendMoved(memory, 0, Records.BYTES) >= 0) {}
            await(() -> backing.writes() == 1);
            await(() -> {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(500)); // All others are condemned again.
                backing.clean(records);
                return records.append(0) == BackingFile.FAILED;
            });
        }
    }

    /** Whatever it is: what was tried is free again. */
    @Test
    void aRescueThatFailsUnexpectedlyTakesNoRoom() throws IOException {
        device.badSegments = 1;
        Thread rescuer = Thread.currentThread();
        device.writes = call -> {
            if (Thread.currentThread() == rescuer) {
                throw new IllegalStateException("injected");
            }
            return Fault.NONE;
        };
        try (BackingFile backing = state.open(device, State.FAST)) {
            Records records = new Records(backing);
            for (int i = 0; i < 3 * SEGMENT_BYTES / Records.BYTES; i++) {
                records.append(0);
            }
            await(backing::cleaningDue);
            long free = backing.freeSegments();
            backing.clean(records);
            assertEquals(free, backing.freeSegments());
        }
    }

    @Test
    void aSegmentWhoseRescueThrowsIsTriedAgain() throws IOException {
        device.badSegments = 1;
        try (BackingFile backing = state.open(device, State.FAST)) {
            Records records = new Records(backing);
            for (int i = 0; i < 3 * SEGMENT_BYTES / Records.BYTES; i++) {
                records.append(0);
            }
            await(backing::cleaningDue);
            Mover throwing = new TestMover((content, place, target) -> {
                throw new IllegalStateException("injected");
            });
            assertThrows(IllegalStateException.class, () -> backing.clean(throwing));
            device.badSegments = 0;
            await(() -> !backing.failing());
            records.checkAll();
        }
    }

    /**
     * A bad area may take seconds for each write: of those that have failed again and again one is always under way.
     */
    @Test
    void nobodyWaitsForAWriteOfWhichNothingIsExpected() throws IOException {
        Thread rescuer = Thread.currentThread();
        CountDownLatch mayEnd = new CountDownLatch(1);
        AtomicBoolean isHanging = new AtomicBoolean();
        LongPredicate failing = position -> position == 0 || Thread.currentThread() == rescuer;
        device.unwritable = failing;
        try (BackingFile backing = state.open(device, State.FAST)) {
            Records records = new Records(backing);
            records.fillUp();
            await(() -> state.segmentsIn(SegmentWord.STAGED) <= 2);
            await(() -> backing.clean(records) == Cleaning.CLEAN);
            device.unwritable = position -> {
                if (position == 0 && Thread.currentThread() != rescuer) {
                    isHanging.set(true);
                    awaitUnchecked(mayEnd);
                }
                return failing.test(position);
            };
            await(() -> {
                backing.clean(records);
                return isHanging.get();
            });
            try {
                await(() -> backing.clean(records) == Cleaning.CLEAN);
            } finally {
                mayEnd.countDown();
            }
        }
    }

    private static void awaitUnchecked(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aLogThatFailsEndsNoWriting() throws IOException {
        Logger logger = Logger.getLogger(Flusher.class.getName());
        logger.setFilter(record -> {
            throw new IllegalStateException("injected");
        });
        device.writes = FaultyDevice.at(0, Fault.EIO);
        try (BackingFile backing = state.open(device, State.FAST)) {
            Records records = new Records(backing);
            for (int i = 0; i < 3 * SEGMENT_BYTES / Records.BYTES; i++) {
                records.append(0);
            }
            await(() -> backing.writes() > 1);
        } finally {
            logger.setFilter(null);
        }
    }

    @Test
    void whatWasRescuedToWasWritten() {
        SegmentTable table = new SegmentTable(Arena.ofAuto().allocate(16, 8), 2, Arena.ofAuto());
        int segment = table.reserve();
        for (int i = 0; i < SegmentTable.MOST_TRIES; i++) {
            table.abandon(segment);
        }
        assertTrue(table.revive(SegmentTable.MOST_TRIES, 2));
        table.reserve();
        segment = table.reserve();
        table.writtenPinned(segment, true);
        table.unpin(segment);
        segment = table.reserve();
        table.abandon(segment);
        assertTrue(table.revive(1, 2));
    }

    @Test
    void aRecordThatASegmentDoesNotShowDoesNotKeepItsBuffer() throws IOException {
        device.badSegments = 1;
        try (BackingFile backing = state.open(device, State.FAST)) {
            Records records = new Records(backing);
            records.hidden = 0;
            records.fillUp();
            records.free(1, 2);
            assertTrue(records.findsRoom());
            await(() -> {
                backing.clean(records);
                return SegmentWord.state(state.table().get(JAVA_LONG, 0)) != SegmentWord.STAGED;
            });
        }
    }

    /** A few segments of a large file that was full once: the owner writes and frees at random, and a third is free. */
    @ParameterizedTest
    @ValueSource(ints = {9, 20})
    void aBadAreaDoesNotEndAllWriting(int bad) throws IOException {
        FaultyDevice large = new FaultyDevice(200);
        State memories = State.fresh(large.size());
        Delays delays = new Delays(1_000_000, 60_000_000, 5_000_000, 500_000_000);
        try (BackingFile backing = memories.open(large, delays)) {
            Records records = new Records(backing);
            records.fillUp();
            large.badSegments = bad;
            SplittableRandom random = new SplittableRandom(bad);
            int most = 200 * Records.PER_SEGMENT * 2 / 3;
            for (int overwritten = 0; overwritten < 50_000; ) {
                if (records.live.size() > most) {
                    Long place = records.live.ceilingKey(random.nextLong(large.size()));
                    records.free(place == null ? records.live.firstKey() : place);
                    overwritten++;
                } else {
                    assertTrue(records.findsRoom(), overwritten + " records were overwritten");
                }
            }
            records.checkAll();
        }
    }

    @Test
    void aDeviceThatComesBackHasLostNoSegment() throws IOException {
        try (BackingFile backing = state.open(device, State.FAST)) {
            Records records = new Records(backing);
            for (int outage = 0; outage < 2; outage++) {
                device.writes = FaultyDevice.DEAD;
                while (records.append(0) >= 0) {}
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
                device.writes = FaultyDevice.HEALTHY;
                await(() -> {
                    backing.clean(records);
                    return !backing.failing();
                });
            }
            assertEquals(0, state.segmentsIn(SegmentWord.BAD));
        }
    }

    /** Segments that could not be written, and can be again: nobody gives up while they are not tried, ever. */
    @RepeatedTest(3)
    void writesThatFailForAMomentTwiceMakeNobodyGiveUp() throws IOException {
        Delays delays = new Delays(1_000_000, 3_600_000_000_000L, 5_000_000, 10_000_000_000L);
        try (BackingFile backing = state.open(device, delays)) {
            Records records = new Records(backing);
            records.fillUp();
            for (int moment = 0; moment < 3; moment++) {
                device.badSegments = 3;
                for (long place :
                        new ArrayList<>(records.live.headMap(8L * SEGMENT_BYTES).keySet())) {
                    records.free(place);
                }
                await(() -> {
                    if (records.append(Records.PATIENCE) < 0) {
                        records.free(8, 8); // Others can be written.
                    }
                    backing.clean(records);
                    return state.segmentsIn(SegmentWord.BAD) > 0;
                });
                device.badSegments = 0;
                await(() -> {
                    boolean isFull = records.append(0) == BackingFile.NO_ROOM;
                    assertFalse(isFull && backing.clean(records) == Cleaning.CLEAN, records.live.size() + " records");
                    return state.segmentsIn(SegmentWord.BAD) == 0;
                });
            }
        }
    }

    @Test
    void allBuffersStuckAreWrittenWhenTheDeviceIsBack() throws IOException {
        device.writes = call -> {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300));
            return Fault.EIO;
        };
        try (BackingFile backing = state.open(device, State.FAST)) {
            Records records = new Records(backing);
            while (records.append(0) >= 0) {}
            long place = backing.appendMoved(memory, 0, Records.BYTES);
            assertTrue(place >= 0);
            records.live.put(place, 1);
            device.writes = FaultyDevice.DEAD;
            for (int i = 0; i < 1000; i++) {
                backing.clean(records);
                LockSupport.parkNanos(1_000_000);
            }
            device.writes = FaultyDevice.HEALTHY;
            assertTrue(records.findsRoom());
        }
    }

    /** Bit 2 says that it is encrypted, bits 8 to 62 are the generation: plain text, or a key stream used twice. */
    @ParameterizedTest
    @MethodSource("bits")
    void aStagedSegmentWithADamagedWordIsNeverWritten(int bit) throws IOException {
        try (BackingFile backing = state.open(device, State.FAST)) {
            memory.fill((byte) 0x5a);
            assertEquals(0, backing.append(memory, 0, Records.BYTES, 0));
            state.table().set(JAVA_LONG, 0, state.table().get(JAVA_LONG, 0) ^ 1L << bit);
            for (int i = 0; i < 2 * Records.PER_SEGMENT; i++) {
                backing.append(memory, 0, Records.BYTES, Records.PATIENCE);
            }
            await(() -> backing.writes() == 1);
            assertEquals(0, device.content.get(JAVA_LONG, 0));
            // One byte of 256 is encrypted to itself.
            assertNotEquals(0x5a5a5a5a5a5a5a5aL, device.content.get(JAVA_LONG, SEGMENT_BYTES));
        }
    }

    private static IntStream bits() {
        return IntStream.range(0, Long.SIZE);
    }

    @Test
    void anInterruptedAppenderHoldsNobodyUp() throws IOException, InterruptedException {
        Object gate = new Object();
        boolean[] isOpen = {false};
        device.writes = call -> {
            synchronized (gate) {
                while (!isOpen[0]) {
                    try {
                        gate.wait();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }
            }
            return Fault.NONE;
        };
        try (BackingFile backing = state.open(device, State.FAST)) {
            Records records = new Records(backing);
            while (records.append(0) >= 0) {}
            boolean[] wasInterrupted = {false};
            Thread thread = Thread.ofPlatform().start(() -> {
                Thread.currentThread().interrupt();
                records.append(60 * Records.PATIENCE);
                wasInterrupted[0] = Thread.interrupted();
            });
            await(() -> thread.getState() == Thread.State.TIMED_WAITING);
            backing.failsForAMoment(); // takes the lock
            synchronized (gate) {
                isOpen[0] = true;
                gate.notifyAll();
            }
            thread.join();
            assertTrue(wasInterrupted[0]);
        }
    }
}
