package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compaction opened a region and emptied none for it: later it can begin all the same. */
class CompactionDebtTest {
    private static final int SLOTS = 8192;
    private static final int SCARCE_FIRST = 100;
    private static final int HALVES_FIRST = 2000;
    private static final int FILLERS_FIRST = 1000;
    private static final int LONELY = 1999;

    private StoreFiles files;
    private PageStore store;
    private Workspace work;
    private Activity activity;
    private Fullness fullness;
    private Ownership ownership;
    private Keeper keeper;
    private RegionTable regions;
    private Pool pool;
    private int filler = FILLERS_FIRST;

    private void open() throws IOException {
        StoreConfig config = new TestConfig(SLOTS).overcommit().build();
        files = StoreFiles.open(config, BackingFile::open);
        store = PageStore.open(config, files);
        store.stopBackgroundWork();
        activity = new Activity();
        fullness = new Fullness();
        ownership = new Ownership(files.parts(), fullness);
        keeper = new Keeper("attack", files.parts(), ownership, new FreedSlots(SLOTS), fullness, activity);
        work = new Workspace(0, null, files.parts().fileSeal(), activity);
        regions = files.parts().regions();
        pool = files.parts().pool();
    }

    /** An open region that compaction has begun, of a victim in which somebody has a record pinned for a moment. */
    private void compactAroundAPin() throws IOException {
        put(0, Pages.Kind.HALF);
        for (int slot = 1; slot < 60; slot++) {
            put(slot, Pages.Kind.INCOMPRESSIBLE);
        }
        for (int slot = 60; slot < 64; slot++) {
            put(slot, Pages.Kind.HALF);
        }
        for (int slot = SCARCE_FIRST; slot < SCARCE_FIRST + 10 * 63; slot++) {
            put(slot, Pages.Kind.INCOMPRESSIBLE);
        }
        for (int slot = 1; slot < 60; slot++) {
            store.invalidate(slot, work);
        }
        long word = files.parts().map().get(0);
        assertTrue(ownership.pin(0, word));
        keeper.setScarce(true);
        assertEquals(Look.BLOCKED, keeper.keepPool());
        keeper.setScarce(false);
        ownership.unpin(0, word);
        assertEquals(Look.GAINED, keeper.keepPool(), "its holes are found again");
        for (int slot = 1; slot < 60; slot++) {
            put(slot, Pages.Kind.INCOMPRESSIBLE);
        }
    }

    /** One page that fits in no hole, in the emptiest region (see LimitTest), and a limit that leaves half a MiB. */
    private long lowerTheLimit() throws IOException {
        for (int slot = HALVES_FIRST; slot < HALVES_FIRST + 200; slot++) {
            put(slot, Pages.Kind.HALF); // What compaction has begun is full, and closed.
        }
        fillHoles();
        put(LONELY, Pages.Kind.INCOMPRESSIBLE);
        for (int slot = HALVES_FIRST + 200; slot < HALVES_FIRST + 5000; slot++) {
            put(slot, Pages.Kind.HALF);
        }
        int region = Region.of(Slot.place(files.parts().map().get(LONELY)));
        for (int slot = HALVES_FIRST; slot < HALVES_FIRST + 5000; slot++) {
            if (slot % 2 == 0 || Region.of(Slot.place(files.parts().map().get(slot))) == region) {
                store.invalidate(slot, work);
            }
        }
        fillOpenRegion();
        long live = regions.budget().liveBytes();
        long limit = SlotMap.bytes(SLOTS) + live + live / 10 + 3 * Region.BYTES;
        assertTrue(store.counters().get(Counter.MEM_USED_TOTAL) > limit + 4 * Region.BYTES);
        store.setLimit(limit);
        return limit;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void memoryComesDown(boolean isPinned) throws IOException {
        open();
        if (isPinned) {
            compactAroundAPin();
        }
        long limit = lowerTheLimit();
        int looks = 0;
        int gained = 0;
        while (looks++ < 20_000 && store.counters().get(Counter.MEM_USED_TOTAL) > limit) {
            Look look = keeper.keepPool();
            gained += look == Look.GAINED ? 1 : 0;
        }
        String what = "after " + looks + " looks of which " + gained + " gained: "
                + store.counters().get(Counter.MEM_USED_TOTAL) + " used, " + limit + " allowed, "
                + regions.budget().liveBytes() + " live in " + regions.budget().used() + " regions of "
                + regions.budget().regions();
        assertTrue(store.counters().get(Counter.MEM_USED_TOTAL) <= limit, what);
    }

    /** The holes between incompressible pages take none of them, and there is one region that is wanted for that. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStoreEnds(boolean isPinned) throws Exception {
        open();
        if (isPinned) {
            compactAroundAPin();
        }
        for (int slot = HALVES_FIRST; slot < HALVES_FIRST + 2000; slot++) {
            put(slot, slot % 2 == 0 ? Pages.Kind.HALF : Pages.Kind.INCOMPRESSIBLE);
        }
        invalidate(HALVES_FIRST, HALVES_FIRST + 2000, 2);
        fillHoles();
        fillOpenRegion();
        store.setLimit(store.counters().get(Counter.MEM_USED_TOTAL) + SlotMap.bytes(SLOTS) / 2);
        String what = regions.budget().used() + " regions of "
                + regions.budget().regions() + ", live " + regions.budget().liveBytes() / Region.BYTES;
        storesEnd(what);
    }

    private void storesEnd(String state) throws InterruptedException {
        String what = state;
        RoomSearch search = new RoomSearch(keeper, activity, fullness);
        Placer placer = new Placer(files.parts(), fullness, keeper, search, StoreConfig.DEFAULT_CUTOFF);
        Writer writer =
                new Writer(files.parts(), ownership, new FreedSlots(SLOTS), search, placer, new Fetcher(files.parts()));
        keeper.start();
        AtomicInteger stored = new AtomicInteger();
        AtomicInteger status = new AtomicInteger();
        Thread thread = Thread.ofPlatform().daemon().start(() -> {
            // More than 400 fit without using what may be left to fragmentation.
            while (stored.get() < 200 && status.get() == StoreStatus.OK) {
                int slot = SLOTS - 1 - stored.get();
                status.set(writer.write(
                        slot, 0, 4096, Pages.page(Pages.Kind.INCOMPRESSIBLE, slot), 0, CodecSpec.LZ4, work));
                stored.addAndGet(status.get() == StoreStatus.OK ? 1 : 0);
            }
        });
        boolean isOver = thread.join(Duration.ofSeconds(20));
        what += ", stored " + stored + " of 200, over " + isOver + ", status " + status;
        assertTrue(isOver, "a store does not end: " + what);
        assertEquals(StoreStatus.OK, status.get(), what);
    }

    /**
     * The same at a limit that never changes: stores fill the victim again, in which a record was pinned. If that lasts
     * for more looks than compaction waits for, one region exceeds the limit for a while.
     */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 110})
    void aStoreEndsAtTheSameLimit(int looksWhilePinned) throws Exception {
        int end = fillAroundAVictim();
        long word = files.parts().map().get(0);
        assertTrue(looksWhilePinned == 0 || ownership.pin(0, word));
        keeper.setScarce(true);
        for (int look = 0; look < looksWhilePinned; look++) {
            keeper.keepPool();
            fillHoles();
        }
        ownership.unpin(0, word);
        keeper.keepPool();
        keeper.setScarce(false);
        fillHoles();
        invalidate(HALVES_FIRST, end, 2);
        storesEnd(regions.budget().used() + " regions of " + regions.budget().regions() + ", live "
                + regions.budget().liveBytes() / Region.BYTES);
        int above = looksWhilePinned > 100 ? Region.BYTES : 0;
        assertTrue(store.counters().get(Counter.MEM_USED_MAX) <= store.limit() + above);
        assertTrue(store.counters().get(Counter.MEM_USED_TOTAL) <= store.limit());
    }

    /** Stores fill the holes of the region again, and pages in it are freed: as long as the pin lasts. */
    @Test
    void memoryStaysWithinTheLimitThoughARecordIsPinnedForLong() throws Exception {
        int end = fillAroundAVictim();
        long word = files.parts().map().get(0);
        assertTrue(ownership.pin(0, word));
        keeper.setScarce(true);
        for (int look = 0; look < 2000; look++) {
            keeper.keepPool();
            while (store.storeNow(filler, Pages.page(Pages.Kind.INCOMPRESSIBLE, filler), 0, work) == StoreStatus.OK) {
                filler++;
            }
            if (look % 150 == 149) {
                invalidateIn(Region.of(Slot.place(word)), 4);
            }
            assertTrue(
                    regions.budget().used() <= 24 + 1,
                    "after " + look + " looks: " + regions.budget().used());
        }
        ownership.unpin(0, word);
        invalidate(HALVES_FIRST, end, 10);
        for (int look = 0; look < 1000; look++) {
            keeper.keepPool();
        }
        assertTrue(regions.budget().used() <= 24, regions.budget().used() + " regions");
    }

    /** Frees some of the pages that have filled a region's holes. */
    private void invalidateIn(int region, int most) {
        int left = most;
        for (int slot = FILLERS_FIRST; slot < filler && left > 0; slot++) {
            long word = files.parts().map().get(slot);
            if (Slot.kind(word) == Slot.KIND_POOL && Region.of(Slot.place(word)) == region) {
                store.invalidate(slot, work);
                left--;
            }
        }
    }

    /** A victim's record finds the list of its size damaged: all lists are given up, and the open region is closed. */
    @Test
    void aStoreEndsAfterAHoleWasDamaged() throws Exception {
        open();
        setBudget(24);
        int victims = 0;
        while (regions.budget().used() < 2) {
            put(victims, victims == 60 ? Pages.Kind.COMPRESSIBLE : Pages.Kind.HALF, victims == 60 ? 7 : victims);
            victims++;
        }
        int same = victims;
        put(same, Pages.Kind.COMPRESSIBLE, 7);
        int end = fillWithHalves(23, 8000);
        long hole = Slot.place(files.parts().map().get(same));
        store.invalidate(same, work);
        invalidate(1, 6, 1);
        byte check = pool.memory().get(ValueLayout.JAVA_BYTE, hole);
        pool.memory().set(ValueLayout.JAVA_BYTE, hole, (byte) (check ^ 4));
        keeper.setScarce(true);
        keeper.keepPool();
        assertTrue(regions.budget().exceeds(), "it has begun");
        for (int look = 0; look < 60; look++) {
            fillHoles();
            keeper.keepPool();
        }
        keeper.setScarce(false);
        invalidate(HALVES_FIRST, end, 2);
        storesEnd("a hole was damaged");
    }

    /** The limit is higher for a moment in the middle of an evacuation, and stores use up what was opened for it. */
    @Test
    void memoryComesDownAfterTheLimitWasHigherForAMoment() throws IOException {
        open();
        for (int slot = 0; slot < Pool.RAW_PAGES_PER_REGION; slot++) {
            put(slot, Pages.Kind.INCOMPRESSIBLE);
        }
        int end = fillWithHalves(24, 4000);
        int count = regions.budget().used();
        setBudget(count);
        invalidate(10, 14, 1);
        PoolCompactor compactor = new PoolCompactor(files.parts(), ownership);
        AtomicInteger moves = new AtomicInteger();
        new Evacuation(files.parts().map(), pool).run(0, (slot, word) -> {
            int move = moves.getAndIncrement();
            if (move == 1) {
                setBudget(count + 2);
                fillOpenRegion();
            } else if (move == 2) {
                setBudget(count - 4);
            }
            return compactor.move(slot, word);
        });
        invalidate(HALVES_FIRST, end, 2);
        for (int look = 0; look < 1000; look++) {
            keeper.keepPool();
        }
        assertTrue(
                store.counters().get(Counter.MEM_USED_TOTAL) <= store.limit(),
                regions.budget().used() + " regions of " + regions.budget().regions());
    }

    /** What was forgiven is of no consequence any more when memory has been within the budget since. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aLimitThatIsLoweredLaterLeavesStoresTheHoles(boolean isOwed) throws IOException {
        open();
        int slot = 0;
        while (regions.budget().used() < 9 || openRest() >= Record.MAX_BYTES) {
            put(slot++, Pages.Kind.INCOMPRESSIBLE);
        }
        if (isOwed) {
            regions.budget().owe(); // As at a takeover.
        }
        setBudget(8);
        invalidate(0, 12, 1);
        for (int small = SLOTS - 12; small < SLOTS; small++) {
            assertEquals(StoreStatus.OK, store.storeNow(small, Pages.sized(2500, small), 0, work));
        }
        keeper.keepPool(); // The holes that they leave take no raw page: a debt is forgiven.
        store.setLimit(StoreConfig.NO_LIMIT);
        int end = fillWithHalves(40, Region.BYTES);
        invalidate(HALVES_FIRST, end, 40);
        setBudget(30);
        assertEquals(StoreStatus.OK, store.storeNow(7000, Pages.page(Pages.Kind.HALF, 7000), 0, work));
    }

    /**
     * 24 regions are full, but for some room in the first one. Returns the end of the slots behind
     * {@link #HALVES_FIRST}.
     */
    private int fillAroundAVictim() throws IOException {
        open();
        setBudget(24);
        int victims = 0;
        while (regions.budget().used() < 2) {
            put(victims++, Pages.Kind.HALF);
        }
        int end = fillWithHalves(23, 8000);
        invalidate(1, 6, 1);
        return end;
    }

    private void setBudget(int count) {
        store.setLimit(TestConfig.tableBytes(SLOTS) + (long) count * Region.BYTES);
    }

    /**
     * Stores pages that half of the time compress, until so many regions are used, and at most so many bytes are left
     * at the end of the open one. Returns the end of their slots.
     */
    private int fillWithHalves(int count, int rest) {
        int slot = HALVES_FIRST;
        while (regions.budget().used() < count || openRest() > rest) {
            put(slot, slot % 2 == 0 ? Pages.Kind.HALF : Pages.Kind.INCOMPRESSIBLE);
            slot++;
        }
        return slot;
    }

    private int openRest() {
        return regions.openRegion() == Region.NONE ? 0 : Region.BYTES - pool.end(regions.openRegion());
    }

    private void fillOpenRegion() {
        while (openRest() >= Record.MAX_BYTES) {
            put(filler++, Pages.Kind.INCOMPRESSIBLE);
        }
    }

    /** Fills all holes that are large enough for a page of any kind. */
    private void fillHoles() {
        while (pool.lists().smallestFrom(Holes.MAX_UNITS) == Holes.MAX_UNITS) {
            put(filler++, Pages.Kind.INCOMPRESSIBLE);
        }
    }

    private void invalidate(int from, int to, int step) {
        for (int slot = from; slot < to; slot += step) {
            store.invalidate(slot, work);
        }
    }

    private void put(int slot, Pages.Kind kind) {
        put(slot, kind, slot);
    }

    private void put(int slot, Pages.Kind kind, int number) {
        assertEquals(StoreStatus.OK, store.store(slot, Pages.page(kind, number), 0, work));
    }
}
