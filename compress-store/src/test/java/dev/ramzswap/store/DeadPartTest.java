package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.Mover;
import dev.ramzswap.backing.SectorDevice;
import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A part of the device cannot be read, and whether it is all of it is found out by some records elsewhere. */
@Timeout(60)
class DeadPartTest extends MoverFixture {
    private static final int SEGMENTS = 80;
    private static final int SLOTS = 1 << 13;
    private static final int TRIES = 30;

    private final SectorDevice device = new SectorDevice(SEGMENTS);

    @BeforeEach
    void open() throws IOException {
        open(SLOTS, SEGMENTS, false, device::open);
    }

    /** All but a part in which few records lie, and the same each time. */
    @Test
    void itIsSeenThatTheLastEighthIsIntact() throws InterruptedException {
        int stored = 0;
        while (store.store(stored, Daemons.page(stored), 0, work) == StoreStatus.OK) {
            stored++;
        }
        store.keeper().pause();
        device.spoilWhole(SEGMENTS - SEGMENTS / 8);
        for (int i = 0; i < TRIES; i++) {
            assertEquals(Mover.Result.LATER, moveFirst());
        }
        device.spoilWhole(SEGMENTS);
        assertEquals(Mover.Result.UNREADABLE, moveFirst());
    }

    /** Nothing was tried then that could tell of the device. */
    @Test
    void aDeviceOnWhichNothingElseLiesIsNotSaidToFail() throws InterruptedException {
        int stored = 0;
        while (files.parts().file().writes() == 0) {
            assertEquals(StoreStatus.OK, store.store(stored, Daemons.page(stored), 0, work));
            stored++;
        }
        store.keeper().pause();
        for (int slot = 0; slot < stored; slot++) {
            if (!SecondReading.isWithin(files.parts().map().get(slot), 0, BackingFile.SEGMENT_BYTES)) {
                store.invalidate(slot, work);
            }
        }
        device.spoilWhole(SEGMENTS);
        assertEquals(Mover.Result.DAMAGED, moveFirst());
    }

    /** All that is stored lies in a small part, whose first record is not intact. */
    @Test
    void itIsSeenThatOthersThanTheFirstAreIntactThoughLittleIsUsed() throws InterruptedException {
        int stored = 0;
        while (files.parts().file().writes() < SEGMENTS / 8) {
            assertEquals(StoreStatus.OK, store.store(stored, Daemons.page(stored), 0, work));
            stored++;
        }
        store.keeper().pause();
        device.spoilWhole(2);
        for (int i = 0; i < TRIES && moveFirst() == Mover.Result.UNREADABLE; i++) {
            assertTrue(i < TRIES - 1, "no other was ever tried");
        }
    }

    private Mover.Result moveFirst() {
        return moveUnread(mover(() -> false, () -> {}));
    }
}
