package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.SectorDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A sector under several records cannot be read while its segment is to be cleaned, and some reads take long. */
@Timeout(60)
class SlowSectorTest {
    private static final int SEGMENTS = 40;
    private static final int SLOTS = 1 << 15;

    private static final int LOOKS = 10;

    /** The first ones: so few that segments run low all the same. */
    private static final int WORTH_CLEANING = 3;

    /** The one in the middle of the first segment, which the device spoils. */
    private static final int SECTOR = 32;

    private final SectorDevice device = new SectorDevice(SEGMENTS);
    private StoreFiles files;
    private PageStore store;
    private Workspace work;
    private Workspace own;
    private FileMover mover;

    @BeforeEach
    void fill() throws IOException, InterruptedException {
        StoreConfig config = new TestConfig(SLOTS)
                .limit(1 << 20)
                .overcommit()
                .backing(Path.of("unused"), (long) SEGMENTS * BackingFile.SEGMENT_BYTES, false)
                .build();
        files = StoreFiles.open(config, device::open);
        store = PageStore.open(config, files);
        work = store.workspace();
        int stored = 0;
        while (store.store(stored, Pages.sized(500, stored), 0, work) == StoreStatus.OK) {
            stored++;
        }
        store.keeper().pause();
        for (int slot = 0; slot < stored; slot++) {
            if (isWorthCleaning(slot) && slot % 2 == 0 && !isInSector(slot)) {
                store.invalidate(slot, work);
            }
        }
        own = new Workspace(
                Counters.KEEPER,
                files.parts().file().readBuffer(),
                files.parts().fileSeal(),
                new Activity());
        mover = new FileMover(
                files.parts(),
                new Ownership(files.parts(), new Fullness()),
                new Activity(),
                new Fullness(),
                () -> true,
                () -> {},
                own);
        assertTrue(IntStream.range(0, SLOTS).filter(this::isInSector).count() > 5);
        device.spoil(1);
    }

    @AfterEach
    void close() {
        store.keeper().resume();
        own.close();
        work.close();
        store.close();
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
        SlotMap map = files.parts().map();
        assertEquals(
                0,
                IntStream.range(0, SLOTS)
                        .filter(slot -> map.get(slot) == Slot.damaged(slot))
                        .count());
    }

    private boolean isWorthCleaning(int slot) {
        return SecondReading.isWithin(files.parts().map().get(slot), 0, WORTH_CLEANING * BackingFile.SEGMENT_BYTES);
    }

    private boolean isInSector(int slot) {
        return SecondReading.isWithin(
                files.parts().map().get(slot), SECTOR * Suspects.PIECE_BYTES, Suspects.PIECE_BYTES);
    }
}
