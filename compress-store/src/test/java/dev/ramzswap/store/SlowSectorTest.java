package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.Cleaning;
import dev.ramzswap.backing.Mover;
import dev.ramzswap.backing.SectorDevice;
import java.io.IOException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A sector under several records cannot be read while its segment is to be cleaned, and some reads take long. */
@Timeout(60)
class SlowSectorTest extends MoverFixture {
    private static final int SEGMENTS = 40;
    private static final int SLOTS = 1 << 15;

    private static final int LOOKS = 10;
    private static final long BOUND_NANOS = 30_000_000_000L;

    /** Of a segment. */
    private static final int PIECES = Long.SIZE;

    /** The first ones: so few that segments run low all the same. */
    private static final int WORTH_CLEANING = 3;

    /** The one in the middle of the first segment, which the device spoils. */
    private static final int SECTOR = 32;

    private final SectorDevice device = new SectorDevice(SEGMENTS);
    private FileMover mover;
    private boolean mayGiveUp = true;
    private int meanwhiles;

    @BeforeEach
    void fill() throws IOException, InterruptedException {
        open(SLOTS, SEGMENTS, true, device::open);
        int stored = fillUp();
        for (int slot = 0; slot < stored; slot++) {
            if (isWorthCleaning(slot) && slot % 2 == 0 && !isInSector(slot)) {
                store.invalidate(slot, work);
            }
        }
        mover = mover(() -> mayGiveUp, this::useWorkspace);
        assertTrue(IntStream.range(0, SLOTS).filter(this::isInSector).count() > 5);
        device.spoil(1);
    }

    private void useWorkspace() {
        meanwhiles++;
        own.record.memory.fill((byte) -1);
    }

    /** In the segment as a whole, in its pieces, and for all records that lie there. */
    @Test
    void itIsTriedThriceInALookHoweverManyRecordsLieThere() {
        files.parts().file().clean(mover);
        assertEquals(3, device.failures());
    }

    /** That takes longer than it must fail for to be lost. */
    @Test
    void itIsNotLostForAReadOfAnotherThatTakesLong() {
        files.parts().file().clean(mover);
        cleanFirstAgain((position, length) -> {
            if (position == 0 && length < BackingFile.SEGMENT_BYTES) {
                device.onRead = (_, _) -> {};
                LockSupport.parkNanos(SectorDevice.PATIENCE * 6 / 5);
            }
        });
        device.heal();
        assertNoneIsDamaged();
    }

    /** Nor is it if that is a segment that is intact. */
    @Test
    void itIsNotLostForASegmentThatTakesLongToBeRead() {
        cleanFirstAgain((position, length) -> {
            if (position > 0 && length == BackingFile.SEGMENT_BYTES) {
                device.onRead = (_, _) -> {};
                LockSupport.parkNanos(SectorDevice.PATIENCE * 6 / 5);
            }
        });
        device.heal();
        assertNoneIsDamaged();
    }

    /** Nor if that is a segment that is intact when it is read once more. */
    @Test
    void itIsNotLostForASecondReadingThatTakesLong() {
        cleanFirstAgain(new FailingOnce(SectorDevice.PATIENCE * 6 / 5));
        device.heal();
        assertNoneIsDamaged();
    }

    /** Whoever waits for memory is not kept waiting by reads that take long and succeed. */
    @Test
    void othersHaveTheirTurnBetweenReadsThatSucceed() {
        cleanOneThatFailed();
        assertTrue(meanwhiles > PIECES, meanwhiles + " times");
    }

    /** However many records lie there: each read may take long. */
    @Test
    void aPieceIsReadOnceMoreForAllItsRecords() {
        FailingOnce failing = cleanOneThatFailed();
        assertTrue(failing.reads <= FailingOnce.PIECES_IN_VAIN + PIECES, failing.reads + " reads");
    }

    private FailingOnce cleanOneThatFailed() {
        FailingOnce failing = new FailingOnce(0);
        device.heal();
        device.onRead = failing;
        while (failing.reads == 0) {
            assertEquals(Cleaning.CLEANED, files.parts().file().clean(mover));
        }
        return failing;
    }

    /** A record lies half in the sector and half in the next one, which fails for a moment. */
    @Test
    void whatLiesBesideItIsNotLostWithIt() {
        SlotMap map = files.parts().map();
        int next = SECTOR + 1;
        IntStream.range(0, SLOTS)
                .filter(slot -> isInPiece(slot, next) && !isWhollyInPiece(slot, next))
                .forEach(slot -> store.invalidate(slot, work));
        int[] whole = IntStream.range(0, SLOTS)
                .filter(slot -> isWhollyInPiece(slot, next))
                .toArray();
        assertTrue(whole.length > 0);
        mayGiveUp = false;
        awaitLost();
        mayGiveUp = true;
        device.spoilSector(next);
        files.parts().file().clean(mover);
        for (int slot : whole) {
            assertNotEquals(Slot.damaged(slot), map.get(slot));
        }
    }

    /** While all of the device is gone nothing is known of a sector. */
    @Test
    void anOutageIsNoTimeInWhichASectorFailed() {
        assertEquals(Mover.Result.LATER, moveUnread(mover));
        device.spoilWhole(SEGMENTS);
        device.onRead = (_, _) -> {
            device.onRead = (_, _) -> {};
            LockSupport.parkNanos(SectorDevice.PATIENCE * 6 / 5);
        };
        assertEquals(Mover.Result.UNREADABLE, moveUnread(mover));
        device.heal();
        device.spoil(1);
        assertEquals(Mover.Result.LATER, moveUnread(mover));
        assertNoneIsDamaged();
    }

    /** The next look at it may be hours away, and come too late for what was lost then. */
    @Test
    void whatIsFoundToBeLostWhileRoomIsNeededIsGivenUpInThatLook() {
        mover = mover(fullness::isSuspected, () -> {});
        while (files.parts().file().clean(mover) == Cleaning.CLEANED) {}
        assertEquals(0, damaged());
        fullness.suspect();
        long end = System.nanoTime() + BOUND_NANOS;
        while (damaged() == 0) {
            assertTrue(System.nanoTime() - end < 0, "kept");
            files.parts().file().clean(mover);
            LockSupport.parkNanos(SectorDevice.PATIENCE / 20);
        }
    }

    private void awaitLost() {
        long end = System.nanoTime() + BOUND_NANOS;
        while (!mover.isInVain(0)) {
            assertTrue(System.nanoTime() - end < 0, "not lost");
            files.parts().file().clean(mover);
            LockSupport.parkNanos(SectorDevice.PATIENCE / 20);
        }
    }

    /** The next segment but the first cannot be read, in one piece or in some of its pieces, and then takes long. */
    private static final class FailingOnce implements SectorDevice.Reader {
        private static final int PIECES_IN_VAIN = 8;

        private final long nanos;
        private long begin = -1;
        private int reads;

        FailingOnce(long nanos) {
            this.nanos = nanos;
        }

        @Override
        public void read(long position, int length) throws IOException {
            if (begin < 0 && length == BackingFile.SEGMENT_BYTES && position > 0) {
                begin = position;
                throw new IOException("injected: Input/output error");
            }
            if (begin >= 0 && position >= begin && position + length <= begin + BackingFile.SEGMENT_BYTES) {
                reads++;
                if (reads <= PIECES_IN_VAIN) {
                    throw new IOException("injected: Input/output error");
                }
                LockSupport.parkNanos(reads == PIECES_IN_VAIN + 1 ? nanos : 0);
            }
        }
    }

    /** Cleans until the sector has failed in another look. */
    private void cleanFirstAgain(SectorDevice.Reader onRead) {
        device.onRead = onRead;
        files.parts().file().clean(mover);
        int failures = device.failures();
        for (int look = 0; look < LOOKS && device.failures() == failures; look++) {
            files.parts().file().clean(mover);
        }
        assertTrue(device.failures() > failures);
    }

    private void assertNoneIsDamaged() {
        assertEquals(0, damaged());
    }

    private long damaged() {
        SlotMap map = files.parts().map();
        return IntStream.range(0, SLOTS)
                .filter(slot -> map.get(slot) == Slot.damaged(slot))
                .count();
    }

    private boolean isWorthCleaning(int slot) {
        return SecondReading.isWithin(files.parts().map().get(slot), 0, WORTH_CLEANING * BackingFile.SEGMENT_BYTES);
    }

    private boolean isInSector(int slot) {
        return isInPiece(slot, SECTOR);
    }

    private boolean isInPiece(int slot, int piece) {
        return SecondReading.isWithin(
                files.parts().map().get(slot), (long) piece * Suspects.PIECE_BYTES, Suspects.PIECE_BYTES);
    }

    private boolean isWhollyInPiece(int slot, int piece) {
        long word = files.parts().map().get(slot);
        int bytes = Suspects.PIECE_BYTES - Record.bytes(word) + 1;
        return SecondReading.isWithin(word, (long) piece * Suspects.PIECE_BYTES, bytes);
    }
}
