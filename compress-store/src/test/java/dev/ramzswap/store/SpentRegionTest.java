package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ramzswap.backing.BackingFile;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Pages are overwritten by larger ones until the row of the open region is at its end: what is free lies in its holes
 * then, and it was no victim of compaction (fourth attack, 29 November). The limit holds just these slots.
 */
@Timeout(60)
class SpentRegionTest {
    private StoreFiles files;

    @ParameterizedTest
    @CsvSource({"2, 0", "3, 0", "5, 0", "10, 0", "2, 1048576", "3, 1048576"})
    void noStoreIsRefusedThatTheLimitHolds(int regions, long ahead) throws Exception {
        int slots = (int) Pool.rawPages((long) regions << Region.SHIFT);
        StoreConfig config = new TestConfig(slots)
                .limit(TestConfig.tableBytes(slots) + (long) regions * Region.BYTES)
                .ahead(ahead)
                .build();
        files = StoreFiles.open(config, BackingFile::open);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            int raw = (regions - 2) * Pool.RAW_PAGES_PER_REGION;
            for (int slot = 0; slot < raw; slot++) {
                store(store, slot, work);
            }
            spendOpenRegion(store, raw, slots, regions, work);
            for (int slot = raw + 1; slot < slots; slot++) {
                store.invalidate(slot, work);
            }
            for (int slot = raw + 1; slot < slots; slot++) {
                store(store, slot, work);
            }
            store.stopBackgroundWork();
            Invariants.check(files.parts(), "gathered");
        }
    }

    private static void store(PageStore store, int slot, Workspace work) {
        assertEquals(
                StoreStatus.OK,
                store.store(slot, Pages.page(Pages.Kind.INCOMPRESSIBLE, slot), 0, work),
                "slot " + slot);
    }

    private void spendOpenRegion(PageStore store, int from, int to, int regions, Workspace work) {
        for (int size = 300; size < 2700; size += 60) {
            for (int slot = from; slot < to && !isSpent(regions); slot++) {
                assertEquals(StoreStatus.OK, store.store(slot, Pages.sized(size, slot), 0, work));
            }
        }
    }

    private boolean isSpent(int regions) {
        RegionTable table = files.parts().regions();
        return table.budget().inUse() == Math.max(regions - 1, 1)
                && table.openRegion() != Region.NONE
                && files.parts().pool().open().rest() < Record.MAX_BYTES;
    }
}
