package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.Cleaning;
import dev.ramzswap.backing.SectorDevice;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Of a device that dies little can be read, or now this and now that: nobody waits for ever for what comes of it. */
@Timeout(60)
class DyingDeviceTest extends MoverFixture {
    private static final int SEGMENTS = 40;
    private static final int SLOTS = 1 << 15;
    private static final int GOOD = 1;
    private static final int PIECES = Long.SIZE;
    private static final int BAD_SECTOR = GOOD * PIECES + PIECES / 2;

    private static final long BOUND_NANOS = 30_000_000_000L;

    private final SectorDevice device = new SectorDevice(SEGMENTS);
    private final int[] looks = new int[3];
    private FileMover mover;
    private boolean mayGiveUp = true;

    /** All of it is live, so that none but those that are halved are worth to be cleaned. */
    @BeforeEach
    void fill() throws IOException, InterruptedException {
        open(SLOTS, SEGMENTS, true, device::open);
        fillUp();
        mover = mover(() -> mayGiveUp, () -> {});
    }

    @Test
    void aLookThatTakesLongerThanThePatienceDoesNotBeginAllAnew() {
        halve(0, GOOD, 2);
        spoilFrom(0);
        device.onRead = (position, _) ->
                LockSupport.parkNanos(position >= 3L * BackingFile.SEGMENT_BYTES ? SectorDevice.PATIENCE * 4 / 5 : 0);
        Map<Cleaning, Integer> said = cleanUntilOver();
        assertTrue(damaged() > 0 || said.containsKey(Cleaning.CLEAN), said::toString);
    }

    /** Of two segments now these pieces fail, now those. */
    @Test
    void whatIsTriedAgainInVainIsNoProgress() {
        halve(0, GOOD, 2);
        for (int slot = 0; slot < SLOTS; slot++) {
            if (isWithin(slot, 0, Suspects.PIECE_BYTES)
                    || isWithin(slot, 2 * BackingFile.SEGMENT_BYTES, Suspects.PIECE_BYTES)) {
                store.invalidate(slot, work);
            }
        }
        spoilFrom(3);
        device.onRead = (position, length) -> {
            int segment = (int) (position / BackingFile.SEGMENT_BYTES);
            if (segment < looks.length && segment != GOOD) {
                looks[segment] += length == BackingFile.SEGMENT_BYTES ? 1 : 0;
                failByTurns((int) (position % BackingFile.SEGMENT_BYTES), length, looks[segment]);
            }
        };
        Map<Cleaning, Integer> said = cleanUntilOver();
        assertEquals(1, said.get(Cleaning.CLEAN), said::toString);
        assertTrue(said.getOrDefault(Cleaning.CLEANED, 0) <= 3, said::toString);
    }

    /** Of a segment that takes longer than the patience to be read, every second look finds other pieces that fail. */
    @Test
    void whatIsSlowAndUnsteadyIsNotWaitedForForEver() {
        device.onRead = (position, length) -> {
            if (position < BackingFile.SEGMENT_BYTES) {
                looks[0] += length == BackingFile.SEGMENT_BYTES ? 1 : 0;
                LockSupport.parkNanos(length == BackingFile.SEGMENT_BYTES ? SectorDevice.PATIENCE * 3 / 2 : 0);
                failByTurns((int) position, length, looks[0] / 2);
            }
        };
        halve(0);
        Map<Cleaning, Integer> said = cleanUntilOver();
        assertTrue(damaged() > 0 || said.containsKey(Cleaning.CLEAN), said::toString);
    }

    /** What is lost is tried no more, whatever else there is of the device. */
    @Test
    void whatIsLostAndThenGoneIsNoProgress() {
        halve(0);
        device.spoil(1);
        lose(0);
        IntStream.range(1, SEGMENTS * PIECES).forEach(device::spoilSector);
        int progress = 0;
        for (int i = 0; i < 10; i++) {
            mayGiveUp = true;
            cleanUntilOver();
            mayGiveUp = false;
            progress += isAnyCleaned() ? 1 : 0;
        }
        assertTrue(progress <= 2, progress + " times");
    }

    private void halve(int... segments) {
        for (int segment : segments) {
            IntStream.range(0, SLOTS / 2)
                    .map(i -> 2 * i)
                    .filter(slot -> isWithin(slot, segment * BackingFile.SEGMENT_BYTES, BackingFile.SEGMENT_BYTES))
                    .forEach(slot -> store.invalidate(slot, work));
        }
    }

    private void lose(int segment) {
        mayGiveUp = false;
        long end = System.nanoTime() + BOUND_NANOS;
        while (!mover.isInVain((long) segment * BackingFile.SEGMENT_BYTES)) {
            assertTrue(System.nanoTime() - end < 0, "not lost");
            files.parts().file().clean(mover);
            LockSupport.parkNanos(SectorDevice.PATIENCE / 20);
        }
    }

    private boolean isAnyCleaned() {
        long end = System.nanoTime() + 5 * SectorDevice.PATIENCE;
        boolean isAny = false;
        while (System.nanoTime() - end < 0) {
            isAny |= files.parts().file().clean(mover) == Cleaning.CLEANED;
            LockSupport.parkNanos(500_000);
        }
        return isAny;
    }

    private static void failByTurns(int at, int length, int look) throws IOException {
        int piece = at / Suspects.PIECE_BYTES;
        if (length > Suspects.PIECE_BYTES || piece == 1 || piece > 1 && piece % 2 == look % 2) {
            throw new IOException("injected: Input/output error");
        }
    }

    /** Until something was given up, or CLEAN is said. Returns how often each was said. */
    private Map<Cleaning, Integer> cleanUntilOver() {
        var said = new EnumMap<Cleaning, Integer>(Cleaning.class);
        long end = System.nanoTime() + BOUND_NANOS;
        while (System.nanoTime() - end < 0 && damaged() == 0 && !said.containsKey(Cleaning.CLEAN)) {
            said.merge(files.parts().file().clean(mover), 1, Integer::sum);
        }
        return said;
    }

    private void spoilFrom(int segment) {
        IntStream.range(segment * PIECES, SEGMENTS * PIECES)
                .filter(sector -> sector / PIECES != GOOD)
                .forEach(device::spoilSector);
        device.spoilSector(BAD_SECTOR);
    }

    private boolean isWithin(int slot, int begin, int length) {
        return SecondReading.isWithin(files.parts().map().get(slot), begin, length);
    }

    private long damaged() {
        SlotMap map = files.parts().map();
        return IntStream.range(0, SLOTS)
                .filter(slot -> map.get(slot) == Slot.damaged(slot))
                .count();
    }
}
