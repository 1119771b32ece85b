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

/** All that can be read of a device is one segment, and not all of that: nobody waits for ever for what comes of it. */
@Timeout(60)
class DyingDeviceTest extends MoverFixture {
    private static final int SEGMENTS = 40;
    private static final int SLOTS = 1 << 15;
    private static final int GOOD = 1;
    private static final int PIECES = Long.SIZE;
    private static final int BAD_SECTOR = GOOD * PIECES + PIECES / 2;

    private final SectorDevice device = new SectorDevice(SEGMENTS);
    private final int[] looks = new int[3];
    private FileMover mover;

    /** Of the first three segments half is live, of all others everything. */
    @BeforeEach
    void fill() throws IOException, InterruptedException {
        open(SLOTS, SEGMENTS, true, device::open);
        int stored = 0;
        while (store.store(stored, Pages.sized(500, stored), 0, work) == StoreStatus.OK) {
            stored++;
        }
        store.keeper().pause();
        for (int slot = 0; slot < stored; slot += 2) {
            if (isWithin(slot, 0, 3 * BackingFile.SEGMENT_BYTES)) {
                store.invalidate(slot, work);
            }
        }
        mover = mover(() -> true, () -> {});
    }

    @Test
    void aLookThatTakesLongerThanThePatienceDoesNotBeginAllAnew() {
        spoilFrom(0);
        device.onRead = (position, _) ->
                LockSupport.parkNanos(position >= 3L * BackingFile.SEGMENT_BYTES ? SectorDevice.PATIENCE * 4 / 5 : 0);
        Map<Cleaning, Integer> said = cleanUntilOver();
        assertTrue(damaged() > 0 || said.containsKey(Cleaning.CLEAN), said::toString);
    }

    /** Of two segments now these pieces fail, now those. */
    @Test
    void whatIsTriedAgainInVainIsNoProgress() {
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

    private static void failByTurns(int at, int length, int look) throws IOException {
        int piece = at / Suspects.PIECE_BYTES;
        if (length > Suspects.PIECE_BYTES || piece == 1 || piece > 1 && piece % 2 == look % 2) {
            throw new IOException("injected: Input/output error");
        }
    }

    /** Until something was given up, or CLEAN is said. Returns how often each was said. */
    private Map<Cleaning, Integer> cleanUntilOver() {
        var said = new EnumMap<Cleaning, Integer>(Cleaning.class);
        long end = System.nanoTime() + 30_000_000_000L;
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
