package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.ZeroingDevice;
import dev.ramzswap.backing.ZeroingDevice.Fault;
import java.io.IOException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A device gives zeroes instead of what it has, or errors, while its segments are to be cleaned. */
@Timeout(60)
class ZeroingDeviceTest extends MoverFixture {
    private static final int SEGMENTS = 40;
    private static final int SLOTS = 4096;
    private static final int LOOKS = 20;
    private static final long PATIENCE_MILLIS = ZeroingDevice.PATIENCE / 1_000_000;

    private final ZeroingDevice device = new ZeroingDevice(SEGMENTS);
    private FileMover mover;
    private boolean mayGiveUp;

    /** In slots 0, 2, 4 .. */
    private int stored;

    @BeforeEach
    void fill() throws IOException, InterruptedException {
        open(SLOTS, SEGMENTS, true, device::open);
        while (store.store(stored, Daemons.page(stored), 0, work) == StoreStatus.OK) {
            stored++;
        }
        store.keeper().pause();
        for (int slot = 1; slot < stored; slot += 2) {
            if (isInFirstHalf(slot)) {
                store.invalidate(slot, work);
            }
        }
        mover = mover(() -> mayGiveUp, () -> {});
    }

    private static Stream<Fault> faults() {
        return Stream.of(Fault.ZEROES, Fault.ERROR);
    }

    @ParameterizedTest
    @MethodSource("faults")
    void whatItHasAgainIsRead(Fault fault) throws InterruptedException {
        device.fault = fault;
        clean(fault);
        Thread.sleep(2 * PATIENCE_MILLIS);
        device.fault = Fault.NONE;
        clean(fault);
        assertEquals(0, damaged());
        assertEquals(0, lost());
    }

    /** It is the device then, and not a part of it that is lost. */
    @ParameterizedTest
    @MethodSource("faults")
    void whatIsSoEverywhereIsNotGivenUp(Fault fault) throws InterruptedException {
        mayGiveUp = true;
        device.fault = fault;
        clean(fault);
        Thread.sleep(2 * PATIENCE_MILLIS);
        clean(fault);
        assertEquals(0, damaged());
    }

    @ParameterizedTest
    @MethodSource("faults")
    void whatIsSoInTwoMomentsFarApartIsNotGivenUp(Fault fault) throws InterruptedException {
        mayGiveUp = true;
        device.segments = SEGMENTS / 2;
        device.fault = fault;
        files.parts().file().clean(mover);
        device.fault = Fault.NONE;
        Thread.sleep(12 * PATIENCE_MILLIS);
        device.fault = fault;
        files.parts().file().clean(mover);
        assertEquals(0, damaged());
    }

    /** A segment would be kept for good by a record that is lost. */
    @ParameterizedTest
    @MethodSource("faults")
    void whatAPartDoesNotGiveBackIsGivenUpWhereRoomIsNeeded(Fault fault) throws InterruptedException {
        failForLongInFirstHalf(fault);
        assertEquals(0, damaged(), "nobody needs room");
        mayGiveUp = true;
        clean(fault);
        assertTrue(damaged() > 0);
        device.fault = Fault.NONE;
        assertEquals(damaged(), lost());
    }

    /** As when somebody has made room since the look began. */
    @ParameterizedTest
    @MethodSource("faults")
    void whatIsNeededNoMoreWhenItWouldBeGivenUpIsNot(Fault fault) throws InterruptedException {
        failForLongInFirstHalf(fault);
        mayGiveUp = true;
        device.onRead = () -> mayGiveUp = false;
        files.parts().file().clean(mover);
        assertFalse(mayGiveUp);
        assertEquals(0, damaged());
    }

    private void failForLongInFirstHalf(Fault fault) throws InterruptedException {
        device.segments = SEGMENTS / 2;
        device.fault = fault;
        clean(fault);
        Thread.sleep(2 * PATIENCE_MILLIS);
        clean(fault);
    }

    /** Of the file: only segments that lie there are worth cleaning. */
    private boolean isInFirstHalf(int slot) {
        long word = files.parts().map().get(slot);
        return Slot.kind(word) == Slot.KIND_FILE && Slot.place(word) < (long) SEGMENTS / 2 * BackingFile.SEGMENT_BYTES;
    }

    /** @param fault after errors, a segment that was set aside is tried again only after a while */
    private void clean(Fault fault) throws InterruptedException {
        for (int look = 0; look < LOOKS; look++) {
            files.parts().file().clean(mover);
            Thread.sleep(fault == Fault.ERROR ? 2 : 0);
        }
    }

    private long damaged() {
        SlotMap map = files.parts().map();
        return IntStream.range(0, stored)
                .filter(slot -> map.get(slot) == Slot.damaged(slot))
                .count();
    }

    private long lost() {
        return IntStream.iterate(0, slot -> slot < stored, slot -> slot + 2)
                .filter(slot -> store.load(slot, Pages.buffer(), 0, work) != StoreStatus.OK)
                .count();
    }
}
