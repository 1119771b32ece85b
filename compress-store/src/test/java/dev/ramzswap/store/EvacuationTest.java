package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EvacuationTest {
    private StoreFiles files;
    private PageStore store;
    private Workspace work;
    private RegionTable regions;
    private Pool pool;
    private Evacuation evacuation;
    private Ownership ownership;

    @AfterEach
    void close() {
        work.close();
        store.close();
    }

    /** A mover throws once: the region is emptied by the next look all the same. */
    @Test
    void anEvacuationThatThrewIsTriedAgain() throws Exception {
        open(new TestConfig(1024).overcommit());
        put(0, 200, Pages.Kind.INCOMPRESSIBLE);
        try {
            evacuation.run(0, (slot, word) -> {
                throw new AssertionError("thrown once");
            });
        } catch (AssertionError e) {
            assertEquals("thrown once", e.getMessage());
        }
        for (int slot = 0; slot < 200; slot++) {
            store.invalidate(slot, work);
        }
        for (int look = 0; look < 100; look++) {
            store.keeper().keepPool();
        }
        Invariants.check(files.parts(), "thrown");
    }

    /** The region is retired, keeps its memory, and is opened again. */
    @Test
    void aHoleOfARegionsEarlierLifeHidesNothing() throws Exception {
        open(new TestConfig(1024).overcommit().ahead(4 * Region.BYTES));
        while (files.parts().regionMemory().adjust()) {}
        put(0, 2 * Pool.RAW_PAGES_PER_REGION, Pages.Kind.INCOMPRESSIBLE);
        int region = regionOf(0);
        store.invalidate(1, work);
        PoolCompactor compactor = new PoolCompactor(files.parts(), ownership);
        assertEquals(Look.GAINED, evacuation.run(region, compactor));
        assertEquals(RegionTable.READY, regions.state(region));
        int slot = 200;
        while (regions.openRegion() != region) {
            put(slot, slot + 1, Pages.Kind.HALF);
            slot++;
        }
        pool.allocate(PageStore.SLOT_BYTES); // Where the hole was.
        put(1000, 1003, Pages.Kind.COMPRESSIBLE);
        assertEquals(region, regionOf(1001));
        store.invalidate(1001, work);
        while (regions.openRegion() == region) {
            put(slot, slot + 1, Pages.Kind.HALF);
            slot++;
            files.parts().regionMemory().adjust();
        }
        evacuation.run(region, (moved, word) -> false);
        assertTrue(regions.isListing(regionOf(100)), "the lists were not given up");
    }

    /** Some holes of the region become one, of which a store has taken a part. */
    @Test
    void aHoleFromBeforeTheyWereFoundAgainHidesNothing() throws Exception {
        open(new TestConfig(1024).overcommit());
        put(0, 300, Pages.Kind.HALF);
        for (int slot = 0; slot < 10; slot++) {
            store.invalidate(slot, work);
        }
        int region = regionOf(10);
        evacuation.run(region, (slot, word) -> false);
        assertEquals(Look.GAINED, new Relister(files.parts(), ownership, new Activity()).relist());
        assertEquals(region, Region.of(pool.allocate(PageStore.SLOT_BYTES)));
        evacuation.run(region, (slot, word) -> false);
        assertTrue(regions.isListing(regionOf(200)), "the lists were not given up");
    }

    private void open(TestConfig config) throws IOException {
        StoreConfig built = config.build();
        files = StoreFiles.open(built, BackingFile::open);
        store = PageStore.open(built, files);
        store.stopBackgroundWork();
        work = store.workspace();
        regions = files.parts().regions();
        pool = files.parts().pool();
        evacuation = new Evacuation(files.parts().map(), pool);
        ownership = new Ownership(files.parts(), new Fullness());
    }

    private void put(int from, int to, Pages.Kind kind) {
        for (int slot = from; slot < to; slot++) {
            assertEquals(StoreStatus.OK, store.store(slot, Pages.page(kind, slot), 0, work));
        }
    }

    private int regionOf(int slot) {
        return Region.of(Slot.place(files.parts().map().get(slot)));
    }
}
