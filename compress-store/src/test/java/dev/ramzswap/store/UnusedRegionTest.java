package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.linux.MappedFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * A region that is not in use has no memory, and gets none from being read: that would be memory that nobody counts.
 */
class UnusedRegionTest {
    private static final int SLOTS = 4096;

    @TempDir
    Path directory;

    @RegisterExtension
    private final Tmpfs tmpfs = new Tmpfs();

    private final ByteBuffer out = Pages.buffer();
    private StoreFiles files;
    private PageStore store;
    private Workspace work;

    @BeforeEach
    void open() throws IOException, InterruptedException {
        StoreConfig config = new TestConfig(SLOTS)
                .overcommit()
                .backing(directory.resolve("file"))
                .stateDirectory(tmpfs.mount(24 << 20))
                .build();
        files = StoreFiles.open(config, BackingFile::open);
        store = PageStore.open(config, files);
        store.stopBackgroundWork();
        work = store.workspace();
        Daemons.store(store, work, Daemons.FEW, 0);
    }

    @AfterEach
    void close() {
        if (store != null) {
            work.close();
            store.close();
        }
    }

    @Test
    void aDamagedWordThatPointsThereIsNotFollowed() throws IOException {
        SlotMap map = files.parts().map();
        int region = files.parts().regions().count() - 1;
        long before = tmpfs.used();
        long word = Slot.inPool(Codec.RAW, PageStore.SLOT_BYTES, Region.start(region));
        map.exchange(0, word);
        assertEquals(StoreStatus.IO_ERROR, store.load(0, out, 0, work));
        map.exchange(1, Slot.moved(word, Region.start(region - 1)));
        store.invalidate(1, work);
        map.exchange(2, Slot.moved(word, Region.start(region - 2)));
        new Spiller(files.parts(), new Ownership(files.parts(), new Fullness()), work).spill(2, map.get(2));
        assertEquals(before, tmpfs.used());
    }

    /** The page is moved, and its region given back, while a load has the word in its hands. */
    @Test
    void aLoadThatIsOvertakenByTheEndOfTheRegionTakesNoMemory() throws IOException {
        try (MappedFile file = MappedFile.inMemory("map", SlotMap.bytes(SLOTS));
                WatchedMap map = new WatchedMap(file, SLOTS, files.parts().counters())) {
            for (int slot = 0; slot < Daemons.FEW; slot++) {
                map.exchange(slot, files.parts().map().get(slot));
            }
            Parts parts = files.parts();
            Parts own = new Parts(
                    map, parts.regions(), parts.regionMemory(), parts.pool(), null, FileSeal.NONE, parts.counters());
            Ownership ownership = new Ownership(own, new Fullness());
            Evacuation evacuation = new Evacuation(map, parts.pool());
            PoolCompactor compactor = new PoolCompactor(own, ownership);
            int region = Region.of(Slot.place(map.get(0)));
            long[] used = new long[1];
            map.watch(0, 1, () -> used[0] = usedAfterEvacuation(evacuation, region, compactor));
            Loader loader = new Loader(own, ownership, null, new Fetcher(own));
            assertEquals(StoreStatus.OK, loader.loadNow(0, out, 0, work));
            assertTrue(Pages.equal(Daemons.page(0), out));
            assertEquals(used[0], tmpfs.used());
        }
    }

    private long usedAfterEvacuation(Evacuation evacuation, int region, Evacuation.Mover mover) {
        try {
            assertEquals(Look.GAINED, evacuation.run(region, mover));
            return tmpfs.used();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
