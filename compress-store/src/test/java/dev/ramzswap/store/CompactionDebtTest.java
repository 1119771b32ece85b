package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attack: compaction once opened a region within the budget and did not empty one; later the limit is lowered. */
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

    private void open() throws IOException {
        StoreConfig config = new TestConfig(SLOTS).overcommit().build();
        files = StoreFiles.open(config, BackingFile::open);
        store = PageStore.open(config, files);
        store.stopBackgroundWork();
        activity = new Activity();
        fullness = new Fullness();
        ownership = new Ownership(files.parts(), fullness);
        keeper = new Keeper("attack", files.parts(), ownership, fullness, activity);
        work = new Workspace(0, null, files.parts().fileSeal(), activity);
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
        int filler = FILLERS_FIRST;
        while (files.parts().pool().lists().smallestFrom(Holes.MAX_UNITS) == Holes.MAX_UNITS) {
            put(filler++, Pages.Kind.INCOMPRESSIBLE);
        }
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
        RegionTable regions = files.parts().regions();
        for (int slot = filler; Region.BYTES - files.parts().pool().end(regions.openRegion()) >= 4112; slot++) {
            put(slot, Pages.Kind.INCOMPRESSIBLE); // Fits in no hole, but at the end of the open region.
        }
        long live = files.parts().regions().budget().liveBytes();
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
        RegionTable regions = files.parts().regions();
        int looks = 0;
        int gained = 0;
        while (looks++ < 20_000 && store.counters().get(Counter.MEM_USED_TOTAL) > limit) {
            Look look = keeper.keepPool();
            gained += look == Look.GAINED ? 1 : 0;
        }
        String what = "after " + looks + " looks of which " + gained + " gained: "
                + store.counters().get(Counter.MEM_USED_TOTAL) + " used, " + limit + " allowed, "
                + files.parts().regions().budget().liveBytes() + " live in "
                + files.parts().regions().used() + " regions of "
                + files.parts().regions().budget().regions();
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
        for (int slot = HALVES_FIRST; slot < HALVES_FIRST + 2000; slot += 2) {
            store.invalidate(slot, work);
        }
        RegionTable regions = files.parts().regions();
        int filler = FILLERS_FIRST;
        while (files.parts().pool().lists().smallestFrom(Holes.MAX_UNITS) == Holes.MAX_UNITS
                || Region.BYTES - files.parts().pool().end(regions.openRegion()) >= Record.MAX_BYTES) {
            put(filler++, Pages.Kind.INCOMPRESSIBLE);
        }
        store.setLimit(store.counters().get(Counter.MEM_USED_TOTAL) + SlotMap.bytes(SLOTS) / 2);
        String what = regions.used() + " regions of " + regions.budget().regions() + ", live "
                + regions.budget().liveBytes() / Region.BYTES;
        storesEnd(what);
    }

    private void storesEnd(String state) throws InterruptedException {
        String what = state;
        RoomSearch search = new RoomSearch(keeper, activity, fullness);
        Placer placer = new Placer(files.parts(), fullness, keeper, search, StoreConfig.DEFAULT_CUTOFF);
        Writer writer = new Writer(files.parts(), ownership, search, placer, new Fetcher(files.parts()));
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

    /** The same at a limit that never changes: stores fill the victim again, in which a record was pinned. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStoreEndsAtTheSameLimit(boolean isPinned) throws Exception {
        int count = 24;
        open();
        long tables = SlotMap.bytes(SLOTS) + RegionEntries.bytes(Pool.bytes(SLOTS) >>> Region.SHIFT);
        store.setLimit(tables + (long) count * Region.BYTES);
        RegionTable regions = files.parts().regions();
        int victims = 0;
        while (regions.used() < 2) {
            put(victims++, Pages.Kind.HALF);
        }
        int slot = HALVES_FIRST;
        while (regions.used() < count - 1 || Region.BYTES - files.parts().pool().end(regions.openRegion()) > 8000) {
            put(slot, slot % 2 == 0 ? Pages.Kind.HALF : Pages.Kind.INCOMPRESSIBLE);
            slot++;
        }
        for (int i = 1; i < 6; i++) {
            store.invalidate(i, work);
        }
        long word = files.parts().map().get(0);
        if (isPinned) {
            assertTrue(ownership.pin(0, word));
        }
        keeper.setScarce(true);
        Look look = keeper.keepPool();
        if (isPinned) {
            assertEquals(Look.BLOCKED, look);
            ownership.unpin(0, word);
            assertEquals(Look.GAINED, keeper.keepPool(), "its holes are found again");
        }
        keeper.setScarce(false);
        int filler = FILLERS_FIRST;
        while (files.parts().pool().lists().smallestFrom(Holes.MAX_UNITS) == Holes.MAX_UNITS) {
            put(filler++, Pages.Kind.INCOMPRESSIBLE);
        }
        for (int i = HALVES_FIRST; i < slot; i += 2) {
            store.invalidate(i, work);
        }
        storesEnd(regions.used() + " regions of " + regions.budget().regions() + ", live "
                + regions.budget().liveBytes() / Region.BYTES);
        assertTrue(store.counters().get(Counter.MEM_USED_MAX) <= store.limit());
    }

    private void put(int slot, Pages.Kind kind) {
        assertEquals(StoreStatus.OK, store.store(slot, Pages.page(kind, slot), 0, work));
    }
}
