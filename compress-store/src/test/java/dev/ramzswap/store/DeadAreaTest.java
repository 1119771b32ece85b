package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.DeadAreaDevice;
import dev.ramzswap.backing.UnsteadyDevice;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongPredicate;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Most of a disk cannot be read any more: a store that needs the room that is lost there gets it. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DeadAreaTest {
    private static final int OTHER_SEGMENTS = 60;
    private static final int PAGES_PER_SEGMENT = BackingFile.SEGMENT_BYTES / Record.MAX_BYTES;

    /** More than there are free segments for, also when all others that can be read are emptied. */
    private static final int MORE = (2 * OTHER_SEGMENTS + 30) * PAGES_PER_SEGMENT;

    /** One page of so many is kept: the map, which is looked through for each segment that fails, is short. */
    private static final int KEPT = 16;

    /** Slots of the others: more than the pool holds, so that they go to the file before they are overwritten. */
    private static final int OVERWRITTEN = 1000;

    private static final Duration BOUND = Duration.ofSeconds(30);

    /** More than are remembered. */
    private static final int MANY = Suspects.MOST + 200;

    private static final int FEW = 20;
    private static final int SEVERAL = 100;
    private static final long HIGH_LIMIT = 8 << 20;
    private static final long LOW_LIMIT = 5 << 20;

    private static final long LARGE = 1 << 23;

    /** Most of them hold pages of a single value. */
    private static final int SAME = 1 << 21;

    @ParameterizedTest
    @ValueSource(ints = {Suspects.MOST / 2, MANY})
    void whatIsLostThereMakesRoom(int deadSegments) throws Exception {
        AtomicInteger told = new AtomicInteger();
        Logger logger = Logger.getLogger("dev.ramzswap.backing.VictimReader");
        logger.setFilter(record -> told.incrementAndGet() == 1);
        DeadAreaDevice device = new DeadAreaDevice(deadSegments, OTHER_SEGMENTS, 100_000_000);
        StoreConfig config = config(deadSegments + OTHER_SEGMENTS);
        StoreFiles files = StoreFiles.open(config, device::open);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            int slot = storeUntilFree(
                    OTHER_SEGMENTS, OVERWRITTEN, KEPT, store, files.parts().file(), work);
            store(slot, slot + MORE, store, work);
            long errors = files.parts().file().readErrors();
            assertTrue(errors > deadSegments, errors + " errors");
            Invariants.checkPaused(store, files.parts(), "in the end");
        } finally {
            logger.setFilter(null);
        }
        assertEquals(1, told.get(), "log entries of one failure");
    }

    /** The places of those that are given up are taken by others, which are not known to be lost. */
    @Test
    void whileAnyIsLostNobodyWaitsForOneThatIsNotYet() throws Exception {
        DeadAreaDevice device = new DeadAreaDevice(MANY, OTHER_SEGMENTS, 5_000_000_000L);
        StoreConfig config = config(MANY + OTHER_SEGMENTS);
        StoreFiles files = StoreFiles.open(config, device::open);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            int slot = storeUntilAnyIsGivenUp(store, files.parts(), work);
            assertTimeoutPreemptively(BOUND, () -> store(slot, slot + 10 * PAGES_PER_SEGMENT, store, work));
        }
    }

    /** What is not remembered is tried in each look, which takes seconds then: none was ever waited for to its end. */
    @Test
    void aLookThatTakesLongerThanATryIsWaitedFor() throws Exception {
        DeadAreaDevice device = new DeadAreaDevice(MANY, OTHER_SEGMENTS, 100_000_000);
        StoreConfig config = config(MANY + OTHER_SEGMENTS);
        StoreFiles files = StoreFiles.open(config, device::open);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            int slot = storeUntilAnyIsGivenUp(store, files.parts(), work);
            device.setFailureNanos(500_000);
            assertTimeoutPreemptively(BOUND, () -> store(slot, slot + 2 * PAGES_PER_SEGMENT, store, work));
        }
    }

    /** Each look tries one segment of a disk that cannot be read, which takes longer than the door may be closed. */
    @Test
    void aStoreIsRefusedThoughTheLastLookTakesLong() throws Exception {
        DeadAreaDevice device = new DeadAreaDevice(FEW, 0, 100_000_000);
        StoreConfig config = config(FEW);
        StoreFiles files = StoreFiles.open(config, device::open);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            int slot = fill(store, work);
            device.setFailureNanos(300_000_000);
            freeHalfOf(2, files.parts().map(), store, work);
            assertTimeoutPreemptively(
                    BOUND, () -> assertEquals(StoreStatus.NO_SPACE, store.store(slot, Daemons.page(slot), 0, work)));
        }
    }

    /** So it is if none of the disk can be read, and each of many segments takes it long to say so. */
    @Test
    void aStoreIsRefusedThoughAllOfTheDiskFailsSlowly() throws Exception {
        DeadAreaDevice device = new DeadAreaDevice(SEVERAL, 0, 100_000_000);
        StoreConfig config = config(SEVERAL);
        StoreFiles files = StoreFiles.open(config, device::open);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            int slot = fill(store, work);
            device.setFailureNanos(50_000_000);
            freeHalfOf(SEVERAL, files.parts().map(), store, work);
            assertTimeoutPreemptively(
                    BOUND, () -> assertEquals(StoreStatus.NO_SPACE, store.store(slot, Daemons.page(slot), 0, work)));
            device.setFailureNanos(0);
        }
    }

    /** There is room for it in the file, and segments are looked at that cannot be read, each of which takes long. */
    @Test
    void memoryComesDownToALowerLimitWhileTheDiskIsReadInVain() throws Exception {
        int segments = SEVERAL + 4 * SEVERAL;
        DeadAreaDevice device = new DeadAreaDevice(SEVERAL, 4 * SEVERAL, 100_000_000);
        StoreConfig config = config(segments);
        StoreFiles files = StoreFiles.open(config, device::open);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            BackingFile file = files.parts().file();
            int slot = storeUntilFree(4 * SEVERAL, OVERWRITTEN, KEPT, store, file, work);
            store.setLimit(HIGH_LIMIT);
            slot = storeUntilFree(segments / 20 + 1, slot, 1, store, file, work);
            device.setFailureNanos(200_000_000);
            storeUntilFree(segments / 20 - 1, slot, 1, store, file, work);
            store.setLimit(LOW_LIMIT);
            assertTimeoutPreemptively(BOUND, () -> awaitMemory(store, LOW_LIMIT));
            device.setFailureNanos(0); // The look that is under way ends soon.
        }
    }

    /** That others are intact is found out though almost no slot has its page in the file. */
    @Test
    void roomBehindABadAreaIsFoundThoughFewSlotsAreOfTheFile() throws Exception {
        DeadAreaDevice device = new DeadAreaDevice(FEW, SEVERAL, 20_000_000);
        StoreConfig config = config(SAME, TestConfig.tableBytes(SAME) + (1 << 20), FEW + SEVERAL)
                .build();
        StoreFiles files = StoreFiles.open(config, device::open);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            int slot = fill(store, work);
            store.keeper().pause();
            SlotMap map = files.parts().map();
            free(FEW, other -> other % 16 != 1, map, store, work);
            freeHalfOf(FEW + SEVERAL, map, store, work);
            ByteBuffer same = Pages.page(Pages.Kind.SAME_FILLED, 1);
            for (int other = slot + 1; other < SAME; other++) {
                store.store(other, same, 0, work);
            }
            device.setFailureNanos(10_000_000);
            store.keeper().resume();
            assertTimeoutPreemptively(
                    BOUND, () -> assertEquals(StoreStatus.OK, store.store(slot, Daemons.page(slot), 0, work)));
        }
    }

    private static void awaitMemory(PageStore store, long bytes) {
        while (store.counters().get(Counters.Counter.MEM_USED_TOTAL) > bytes) {
            LockSupport.parkNanos(5_000_000);
        }
    }

    /** Only the low slots are used, and the very first lies there: that others are intact is found out all the same. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsLostMakesRoomThoughTheFirstSlotsLieThere(boolean isPopulated) throws Exception {
        UnsteadyDevice device = new UnsteadyDevice(FEW, 100_000_000);
        StoreConfig config = isPopulated ? populatedConfig(FEW) : config(FEW);
        StoreFiles files = StoreFiles.open(config, device::open);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            int slot = fill(store, work);
            store.keeper().pause();
            freeHalfOf(3, files.parts().map(), store, work);
            device.spoil();
            store.keeper().resume();
            assertTimeoutPreemptively(
                    BOUND, () -> assertEquals(StoreStatus.OK, store.store(slot, Daemons.page(slot), 0, work)));
        }
    }

    /** Returns the slot that was refused. */
    private static int fill(PageStore store, Workspace work) {
        int slot = 0;
        while (store.store(slot, Daemons.page(slot), 0, work) == StoreStatus.OK) {
            slot++;
        }
        return slot;
    }

    /** Of so many segments of the file. */
    private static void freeHalfOf(int segments, SlotMap map, PageStore store, Workspace work) {
        free(segments, slot -> slot % 2 == 0, map, store, work);
    }

    private static void free(int segments, LongPredicate which, SlotMap map, PageStore store, Workspace work) {
        for (long slot = map.nextUsed(0); slot < map.slots(); slot = map.nextUsed(slot + 1)) {
            long word = map.get(slot);
            if (SecondReading.isWithin(word, 0, segments * BackingFile.SEGMENT_BYTES) && which.test(slot)) {
                store.invalidate(slot, work);
            }
        }
    }

    private static StoreConfig config(int segments) {
        return config(1 << 16, 1 << 20, segments).build();
    }

    /** As for swap: the whole map of a large device has memory. */
    private static StoreConfig populatedConfig(int segments) {
        return config(LARGE, TestConfig.tableBytes(LARGE) + (1 << 20), segments)
                .ahead(1 << 16)
                .build();
    }

    private static TestConfig config(long slots, long limit, int segments) {
        return new TestConfig(slots)
                .limit(limit)
                .overcommit()
                .backing(Path.of("unused"), (long) segments * BackingFile.SEGMENT_BYTES, false);
    }

    /**
     * Stores pages until so many segments are free, one of so many {@code kept} from a slot on. Returns the first slot
     * that was not stored.
     */
    private static int storeUntilFree(
            int segments, int from, int kept, PageStore store, BackingFile file, Workspace work) {
        int slot = from;
        for (int page = 0; file.freeSegments() > segments; page++) {
            store(page % kept == 0 ? slot++ : page % OVERWRITTEN, store, work);
        }
        return slot;
    }

    private static int storeUntilAnyIsGivenUp(PageStore store, Parts parts, Workspace work) {
        int slot = storeUntilFree(OTHER_SEGMENTS, OVERWRITTEN, KEPT, store, parts.file(), work);
        while (!isAnyGivenUp(parts.map())) {
            store(slot, slot + PAGES_PER_SEGMENT, store, work);
            slot += PAGES_PER_SEGMENT;
        }
        return slot;
    }

    private static boolean isAnyGivenUp(SlotMap map) {
        for (long slot = map.nextUsed(0); slot < map.slots(); slot = map.nextUsed(slot + 1)) {
            if (Slot.kind(map.get(slot)) == Slot.KIND_DAMAGED) {
                return true;
            }
        }
        return false;
    }

    private static void store(int begin, int end, PageStore store, Workspace work) {
        for (int slot = begin; slot < end; slot++) {
            store(slot, store, work);
        }
    }

    private static void store(int slot, PageStore store, Workspace work) {
        assertEquals(StoreStatus.OK, store.store(slot, Daemons.page(slot), 0, work), "slot " + slot);
    }
}
