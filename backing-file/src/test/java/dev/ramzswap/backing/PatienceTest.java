package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.FaultyDevice.Fault;
import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A device that fails is taken for gone only when it has failed once more after the patience with it has ended. */
@Timeout(100)
class PatienceTest {
    private static final int SEGMENTS = 40;
    private static final long PATIENCE = 200_000_000;
    private static final long UNREADABLE = TimeUnit.MINUTES.toNanos(10);

    private final FaultyDevice device = new FaultyDevice(SEGMENTS);
    private final State state = State.fresh(device.size());
    private final CountDownLatch mayEnd = new CountDownLatch(1);

    /** A controller that is reset, say: one write fails, and the next one takes long, and succeeds. */
    @Test
    void aWriteThatIsUnderWayMayYetSucceed() throws IOException {
        device.writes = call -> {
            awaitEnd(call > 0);
            return call == 0 ? Fault.EIO : Fault.NONE;
        };
        Delays delays = new Delays(1_000_000, 4_000_000, UNREADABLE, PATIENCE);
        try (BackingFile backing = state.open(device, delays);
                Closeable _ = mayEnd::countDown) {
            Records records = new Records(backing);
            while (records.append(0) >= 0) {}
            BackingFileTest.await(() -> device.writeCalls.get() == 2);
            LockSupport.parkNanos(2 * PATIENCE);
            assertTrue(backing.failsForAMoment());
            assertNotEquals(Cleaning.CLEAN, backing.clean(records));
            mayEnd.countDown();
            BackingFileTest.await(() -> records.append(0) >= 0);
        }
    }

    /** What the reset ended fails, and the next write succeeds. */
    @Test
    void whatFailsLateWasBegunBefore() throws IOException {
        device.writes = call -> {
            LockSupport.parkNanos(call == 1 ? 2 * PATIENCE : 0);
            awaitEnd(call > 1);
            return call <= 1 ? Fault.EIO : Fault.NONE;
        };
        try (BackingFile backing = state.open(device, late(PATIENCE));
                Closeable _ = mayEnd::countDown) {
            Records records = new Records(backing);
            while (records.append(0) >= 0) {}
            BackingFileTest.await(() -> device.writeCalls.get() == 3);
            assertTrue(backing.failsForAMoment());
        }
    }

    /** The next retry of none of them is due by then. */
    @Test
    void itIsTriedOnceMoreBeforeItIsTakenForGone() throws IOException {
        device.writes = FaultyDevice.DEAD;
        try (BackingFile backing = state.open(device, late(TimeUnit.SECONDS.toNanos(2)))) {
            Records records = new Records(backing);
            while (records.append(0) >= 0) {}
            BackingFileTest.await(() -> backing.writeErrors() == Staging.MOST_OF_STORES);
            device.writes = FaultyDevice.HEALTHY;
            BackingFileTest.await(() -> !backing.failsForAMoment());
            assertTrue(records.append(0) >= 0);
        }
    }

    @Test
    void itIsTakenForGoneWhenThatFailsToo() throws IOException {
        device.writes = FaultyDevice.DEAD;
        try (BackingFile backing = state.open(device, late(PATIENCE))) {
            Records records = new Records(backing);
            while (records.append(0) >= 0) {}
            BackingFileTest.await(backing::failing);
            BackingFileTest.await(() -> !backing.failsForAMoment());
            assertTrue(backing.failing());
            BackingFileTest.await(() -> backing.clean(records) == Cleaning.CLEAN);
        }
    }

    /** Nobody would ever try it again. */
    @Test
    void nobodyWaitsForOneThatIsClosed() throws IOException {
        device.writes = FaultyDevice.DEAD;
        BackingFile backing = state.open(device, late(TimeUnit.HOURS.toNanos(1)));
        try (backing) {
            Records records = new Records(backing);
            while (records.append(0) >= 0) {}
            BackingFileTest.await(backing::failsForAMoment);
        }
        assertFalse(backing.failsForAMoment());
    }

    /** The first two segments cannot be written, others can: that they fail says nothing of one that failed once. */
    @Test
    void badSegmentsDoNotTellOfTheDevice() throws IOException {
        CountDownLatch mayBegin = new CountDownLatch(1);
        long patience = 500_000_000;
        AtomicInteger writesOfOther = new AtomicInteger();
        AtomicInteger writesAfterThat = new AtomicInteger();
        device.unwritable = position -> {
            await(mayBegin);
            boolean isOther = position == 3 * SEGMENT_BYTES;
            int before = isOther ? writesOfOther.getAndIncrement() : writesOfOther.get();
            boolean isFirstAfter = !isOther && before == 1 && writesAfterThat.getAndIncrement() == 0;
            LockSupport.parkNanos(isFirstAfter ? 3 * patience : 0);
            awaitEnd(isOther && before > 0);
            return isOther ? before == 0 : position < 2 * SEGMENT_BYTES;
        };
        Delays delays = new Delays(patience, patience, UNREADABLE, patience);
        try (BackingFile backing = state.open(device, delays);
                Closeable _ = mayEnd::countDown) {
            Records records = new Records(backing);
            for (int i = 0; i <= 4 * Records.PER_SEGMENT; i++) {
                records.append(Records.PATIENCE);
            }
            mayBegin.countDown();
            BackingFileTest.await(() -> writesOfOther.get() == 2);
            assertEquals(2, writesAfterThat.get());
            assertTrue(backing.failsForAMoment());
        }
    }

    private static Delays late(long patience) {
        return new Delays(TimeUnit.HOURS.toNanos(1), TimeUnit.HOURS.toNanos(1), UNREADABLE, patience);
    }

    private void awaitEnd(boolean isAwaited) {
        if (isAwaited) {
            await(mayEnd);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(60, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
