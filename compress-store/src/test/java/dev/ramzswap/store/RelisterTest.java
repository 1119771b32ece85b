package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ramzswap.linux.MappedFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A page is invalidated while the holes of its region are looked for. */
class RelisterTest {
    private static final int PAGES = 20;

    @Test
    void whatIsFreedMeanwhileIsAHoleWhenTheRegionIsListed(@TempDir Path directory) throws IOException {
        relistWhile(directory, (parts, ownership) -> {
            ownership.publish(PAGES / 2, Slot.HOLE, Counters.KEEPER);
            Invariants.check(parts, "before");
        });
    }

    /** Its header is damaged after the walk came by: it is counted as live, but never was on another look. */
    @Test
    void whatCannotBeFreedMeanwhileIsNotCountedWhenTheRegionIsListed(@TempDir Path directory) throws IOException {
        relistWhile(directory, (parts, ownership) -> {
            Record.setHeader(
                    parts.pool().memory().asSlice(Slot.place(parts.map().get(0))), 1, Codec.RAW, 1);
            ownership.publish(0, Slot.HOLE, Counters.KEEPER);
        });
    }

    private static void relistWhile(Path directory, BiConsumer<Parts, Ownership> change) throws IOException {
        StoreConfig config = Daemons.config(directory).overcommit().build();
        Daemons.store(config, PAGES, 0);
        try (StoreFiles files = StoreFiles.open(config, null);
                MappedFile file = MappedFile.inMemory("map", SlotMap.bytes(Daemons.SLOTS))) {
            new Recovery(files.parts()).run();
            WatchedMap map = new WatchedMap(file, Daemons.SLOTS, files.parts().counters());
            for (int slot = 0; slot < PAGES; slot++) {
                map.exchange(slot, files.parts().map().get(slot));
            }
            Parts parts = with(map, files.parts());
            Ownership ownership = new Ownership(parts, new Fullness());
            Relister relister = new Relister(parts, ownership, new Activity());

            map.watch(PAGES - 1, 1, () -> change.accept(parts, ownership));
            assertEquals(Look.BLOCKED, relister.relist());
            assertEquals(Look.GAINED, relister.relist());
            Invariants.check(parts, "after");
            assertEquals(Look.NOTHING, relister.relist());
        }
    }

    private static Parts with(SlotMap map, Parts parts) {
        return new Parts(
                map, parts.regions(), parts.regionMemory(), parts.pool(), null, FileSeal.NONE, parts.counters());
    }
}
