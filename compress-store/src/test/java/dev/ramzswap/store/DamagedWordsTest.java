package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.HungDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Proven by the second attack of 29 November. */
class DamagedWordsTest {
    private static final int SLOTS = 6000;

    @TempDir
    Path directory;

    private StoreConfig config() {
        return new StoreConfig(
                "test",
                SLOTS,
                2 << 20,
                CodecSpec.LZ4,
                StoreConfig.DEFAULT_CUTOFF,
                Optional.of(new StoreConfig.Backing(directory.resolve("file"), 40L * BackingFile.SEGMENT_BYTES, true)),
                true,
                0,
                Optional.empty());
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
            int stored = 0;
            for (int slot = 0; slot < SLOTS && status == StoreStatus.OK; slot++) {
                status = store.store(slot, page(slot + 7), 0, work);
                stored += status == StoreStatus.OK ? 1 : 0;
            }
            assertEquals(StoreStatus.NO_SPACE, status);
            work.close();
            store.close();
        });
    }

    /** P11: one look at a device that hangs waits once, not for each record. */
    @Test
    void aLookAtAHungDeviceIsShort() throws IOException {
        HungDevice device = new HungDevice();
        StoreFiles files = StoreFiles.open(config(), device::open);
        PageStore store = PageStore.open(config(), files);
        try (Workspace work = store.workspace()) {
            for (int slot = 0; slot < 900; slot++) {
                int at = slot;
                if (files.parts().file().freeSegments() <= 33) {
                    break;
                }
                assertEquals(StoreStatus.OK, store.storeNow(at, page(at), 0, work));
            }
            long longest = 0;
            for (int i = 0; i < 5; i++) {
                long begin = System.nanoTime();
                store.keeper().look(10_000_000_000L);
                longest = Math.max(longest, System.nanoTime() - begin);
            }
            assertTrue(longest < 500_000_000, longest + " ns");
        }
        device.goOn();
        store.close();
    }

    private static ByteBuffer page(int number) {
        return Pages.page(Pages.Kind.INCOMPRESSIBLE, number);
    }
}
