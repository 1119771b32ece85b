package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ramzswap.backing.BackingFile;
import org.junit.jupiter.api.Test;

class EvacuationTest {
    /** A mover throws once: the region is emptied by the next look all the same. */
    @Test
    void anEvacuationThatThrewIsTriedAgain() throws Exception {
        StoreConfig config = new TestConfig(1024).overcommit().build();
        StoreFiles files = StoreFiles.open(config, BackingFile::open);
        PageStore store = PageStore.open(config, files);
        store.stopBackgroundWork();
        Workspace work = store.workspace();
        for (int slot = 0; slot < 200; slot++) {
            assertEquals(StoreStatus.OK, store.store(slot, Pages.page(Pages.Kind.INCOMPRESSIBLE, slot), 0, work));
        }
        Evacuation evacuation =
                new Evacuation(files.parts().map(), files.parts().pool());
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
}
