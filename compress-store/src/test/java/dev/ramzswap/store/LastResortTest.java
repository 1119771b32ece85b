package dev.ramzswap.store;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static dev.ramzswap.store.SecondReading.isWithin;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.SectorDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pages that cannot be read are given up for a lower limit only if nothing else makes room for it. */
@Timeout(60)
class LastResortTest {
    private static final int SEGMENTS = 200;
    private static final int SLOTS = 1 << 14;
    private static final int SECTOR = 32;
    private static final int FREE = 6;

    /** Longer than the file's keeper goes on before it spills. */
    private static final long SLOW_NANOS = 1_100_000_000;

    private static final long HIGH_LIMIT = 8 << 20;
    private static final long LOW_LIMIT = 5 << 20;

    private static final long BOUND_NANOS = 30_000_000_000L;

    private final SectorDevice device = new SectorDevice(SEGMENTS);
    private StoreFiles files;
    private PageStore store;
    private Workspace work;
    private Keeper keeper;
    private SlotMap map;

    /** Little is live in the first segment, of which a sector cannot be read. */
    @BeforeEach
    void fill() throws IOException, InterruptedException {
        StoreConfig config = new TestConfig(SLOTS)
                .limit(HIGH_LIMIT)
                .overcommit()
                .backing(Path.of("unused"), (long) SEGMENTS * SEGMENT_BYTES, false)
                .build();
        files = StoreFiles.open(config, device::open);
        store = PageStore.open(config, files);
        work = store.workspace();
        map = files.parts().map();
        keeper = store.keeper();
        for (int slot = 0; files.parts().file().freeSegments() > FREE; slot++) {
            assertEquals(StoreStatus.OK, store.store(slot, Daemons.page(slot), 0, work));
        }
        keeper.pause();
        free(slot -> slot % 4 != 0 && isWithin(map.get(slot), 0, SEGMENT_BYTES));
        device.spoil(1);
    }

    @AfterEach
    void close() {
        keeper.resume();
        work.close();
        store.close();
    }

    /** The first victim, which takes so long that the free segments are used meanwhile, up to the last one. */
    @Test
    void whatIsLostIsKeptWhileOthersWereNotTried() {
        keeper.keepFile();
        LockSupport.parkNanos(SectorDevice.PATIENCE / 2);
        keeper.keepFile();
        LockSupport.parkNanos(SectorDevice.PATIENCE * 3 / 4);
        free(slot -> slot % 2 == 0 && !isWithin(map.get(slot), 0, SEGMENT_BYTES));
        device.onRead = (position, length) -> LockSupport.parkNanos(isSector(position, length) ? SLOW_NANOS : 0);
        store.setLimit(LOW_LIMIT);
        keeper.keepFile();
        assertEquals(0, damaged());
        device.onRead = (_, _) -> {};
    }

    @Test
    void itIsGivenUpIfThereAreNoOthers() {
        store.setLimit(LOW_LIMIT);
        long end = System.nanoTime() + BOUND_NANOS;
        while (damaged() == 0) {
            assertTrue(System.nanoTime() - end < 0, "kept");
            keeper.keepFile();
            LockSupport.parkNanos(SectorDevice.PATIENCE / 20);
        }
    }

    private long damaged() {
        return IntStream.range(0, SLOTS)
                .filter(slot -> map.get(slot) == Slot.damaged(slot))
                .count();
    }

    private static boolean isSector(long position, int length) {
        return length < SEGMENT_BYTES && position == (long) SECTOR * Suspects.PIECE_BYTES;
    }

    private void free(IntPredicate which) {
        IntStream.range(0, SLOTS)
                .filter(slot ->
                        Slot.kind(map.get(slot)) == Slot.KIND_FILE && which.test(slot) && !isInSector(map.get(slot)))
                .forEach(slot -> store.invalidate(slot, work));
    }

    private static boolean isInSector(long word) {
        return isWithin(word, (long) (SECTOR - 1) * Suspects.PIECE_BYTES, 2 * Suspects.PIECE_BYTES);
    }
}
