package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.ramzswap.backing.BackingFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Proven by the second attack of 29 November: the record of a damaged word keeps neither a segment nor a store. */
class DamagedWordsTest {
    private static final int SLOTS = 6000;

    @TempDir
    Path directory;

    private StoreConfig config() {
        return new TestConfig(SLOTS)
                .limit(2 << 20)
                .overcommit()
                .backing(directory.resolve("file"), 40L * BackingFile.SEGMENT_BYTES)
                .build();
    }

    /** The record of a damaged word is nobody's: that must not keep a full store from saying that it is full. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4})
    void aFullStoreSaysSoThoughWordsAreDamaged(int damaged) {
        assertTimeoutPreemptively(Duration.ofSeconds(60), () -> {
            StoreFiles files = StoreFiles.open(config(), BackingFile::open);
            PageStore store = PageStore.open(config(), files);
            Workspace work = store.workspace();
            SlotMap map = files.parts().map();
            for (int slot = 0; slot < 1500; slot++) {
                assertEquals(StoreStatus.OK, store.store(slot, page(slot), 0, work));
            }
            int left = damaged;
            for (int slot = 0; left > 0; slot += 64) {
                long word = map.get(slot);
                if (Slot.kind(word) == Slot.KIND_FILE && !Slot.isPinned(word)) {
                    map.exchange(slot, word ^ 1L << 20);
                    left--;
                }
            }
            int status = StoreStatus.OK;
            for (int slot = 0; slot < SLOTS && status == StoreStatus.OK; slot++) {
                status = store.store(slot, page(slot + 7), 0, work);
            }
            assertEquals(StoreStatus.NO_SPACE, status);
            work.close();
            store.close();
        });
    }

    /** Nobody knows any more where the record of a damaged word was: its room is found all the same. */
    @ParameterizedTest
    @ValueSource(ints = {1, 63})
    void damagedWordsCostTheirPagesAndNoRoom(int step) throws IOException {
        int regions = 10;
        int slots = (int) Pool.rawPages((long) regions << Region.SHIFT);
        StoreConfig config = new TestConfig(slots)
                .limit(TestConfig.tableBytes(slots) + (long) regions * Region.BYTES)
                .build();
        StoreFiles files = StoreFiles.open(config, BackingFile::open);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            SlotMap map = files.parts().map();
            for (int slot = 0; slot < slots; slot++) {
                assertEquals(StoreStatus.OK, store.store(slot, page(slot), 0, work));
            }
            for (int flips = 0; flips < 200; flips++) {
                int slot = flips * step % slots;
                map.exchange(slot, map.get(slot) ^ 1L << 20);
                assertEquals(StoreStatus.OK, store.store(slot, page(slot), 0, work), "after " + flips + " flips");
            }
        }
    }

    private static ByteBuffer page(int number) {
        return Pages.page(Pages.Kind.INCOMPRESSIBLE, number);
    }
}
