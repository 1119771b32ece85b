package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.Mover;
import dev.ramzswap.backing.SectorDevice;
import java.io.IOException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Records of a segment of which two sectors, one behind the other, cannot be read; the later its place the lower a
 * slot.
 */
@Timeout(60)
class SecondReadingTest extends MoverFixture {
    private static final int SEGMENTS = 40;
    private static final int SLOTS = 1200;
    private static final long BOUND_NANOS = 30_000_000_000L;
    private static final int LOWER = 32;
    private static final int UPPER = LOWER + 1;

    private final SectorDevice device = new SectorDevice(SEGMENTS);
    private FileMover mover;

    @BeforeEach
    void fillTwoSegments() throws IOException, InterruptedException {
        open(SLOTS, SEGMENTS, false, device::open);
        store.keeper().pause();
        mover = mover(() -> false, () -> {});
        for (int slot = 0; slot < SLOTS; slot++) {
            assertEquals(StoreStatus.OK, store.store(slot, Pages.sized(500, slot), 0, work));
        }
        Spiller spiller = new Spiller(files.parts(), new Ownership(files.parts(), new Fullness()), own);
        for (int slot = SLOTS - 1; slot >= 0; slot--) {
            assertTrue(spiller.spill(slot, files.parts().map().get(slot)) > 0);
        }
        await(() -> files.parts().file().writes() == 2);
        device.spoilSector(LOWER);
        device.spoilSector(UPPER);
    }

    /** In the lower one lies only what lies in both, and all else that lies in the upper one goes. */
    @Test
    void whatFailsDoesNotHangUponWhatElseIsLive() {
        invalidateOneOf(LOWER, UPPER);
        await(() -> moveUnread(mover) == Mover.Result.KEPT);
        invalidateOneOf(UPPER, LOWER);
        assertEquals(Mover.Result.KEPT, moveUnread(mover), "it was known to be lost");
    }

    /** Each read may take long. */
    @Test
    void aPieceIsReadOnceInALookHoweverManyRecordsLieBesideItOrInIt() {
        moveUnread(mover);
        assertEquals(2, device.failures());
    }

    private static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + BOUND_NANOS;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - end < 0, "waited in vain");
            LockSupport.parkNanos(SectorDevice.PATIENCE / 20);
        }
    }

    private void invalidateOneOf(int piece, int other) {
        IntStream.range(0, SLOTS)
                .filter(slot -> isPartlyIn(slot, piece) && !isPartlyIn(slot, other))
                .forEach(slot -> store.invalidate(slot, work));
    }

    private boolean isPartlyIn(int slot, int piece) {
        long word = files.parts().map().get(slot);
        return SecondReading.isWithin(word, 0, BackingFile.SEGMENT_BYTES)
                && (SecondReading.piecesOf((int) Slot.place(word), word) & 1L << piece) != 0;
    }
}
