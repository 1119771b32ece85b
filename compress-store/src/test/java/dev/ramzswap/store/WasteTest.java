package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** How much of the pool is not pages: what the compressed bytes are compared to is resident memory, map included. */
class WasteTest {
    private static final int SLOTS = 16384;

    private final SplittableRandom random = new SplittableRandom(20261120);
    private final ByteBuffer page = Pages.buffer();

    @Test
    void atMostThreePercentAfterFillingAndEightAfterTenOverwritesPerSlot() throws IOException {
        try (PageStore store = PageStore.open(new TestConfig(SLOTS).build());
                Workspace work = store.workspace()) {
            for (int slot = 0; slot < SLOTS; slot++) {
                storeProgramPage(store, slot, work);
            }
            assertWaste(store, 3, 0);
            for (int i = 0; i < 10 * SLOTS; i++) {
                storeProgramPage(store, random.nextInt(SLOTS), work);
            }
            assertWaste(store, 8, 0);
        }
    }

    @Test
    void noSizeOfPageIsACliff() throws IOException {
        for (int words = 40; words <= 376; words += 24) {
            try (PageStore store = PageStore.open(new TestConfig(4096).build());
                    Workspace work = store.workspace()) {
                for (int slot = 0; slot < 4096; slot++) {
                    randomWords(words);
                    assertEquals(StoreStatus.OK, store.store(slot, page, 0, work));
                }
                // A record's header, its rounding and its map word are 24 bytes; the smallest data here are 350.
                assertWaste(store, 7, Region.BYTES);
            }
        }
    }

    @Test
    void freedSlotsGiveTheirMemoryBack() throws IOException {
        try (PageStore store = PageStore.open(new TestConfig(SLOTS).build());
                Workspace work = store.workspace()) {
            for (int slot = 0; slot < SLOTS; slot++) {
                storeProgramPage(store, slot, work);
            }
            for (int slot = 0; slot < SLOTS; slot++) {
                if (slot % 8 != 0) {
                    store.invalidate(slot, work);
                }
            }
            long live = store.counters().get(Counter.COMPR_DATA_SIZE);
            for (int i = 0; i < 1000 && store.counters().memoryUsed() > live * 1.4; i++) {
                LockSupport.parkNanos(10_000_000);
            }
            assertTrue(
                    store.counters().memoryUsed() <= live * 1.4,
                    store.counters().memoryUsed() + " bytes for " + live);
        }
    }

    /** Sizes as programs have them: some pages compress to almost nothing, most to a third, a few hardly. */
    private void storeProgramPage(PageStore store, int slot, Workspace work) {
        double dice = random.nextDouble();
        randomWords(dice < 0.1 ? 8 : dice < 0.9 ? 60 + random.nextInt(240) : 300 + random.nextInt(200));
        assertEquals(StoreStatus.OK, store.store(slot, page, 0, work));
    }

    private void randomWords(int words) {
        for (int i = 0; i < 512; i++) {
            page.putLong(i * 8, i < words ? random.nextLong() : i & 3);
        }
    }

    /** @param open bytes of a region that is populated as a whole and not yet full: much, if the store is small */
    private static void assertWaste(PageStore store, double percent, long open) {
        double waste = 0;
        // Compaction is a thread of its own; it has ten seconds to catch up.
        for (int i = 0; i < 1000; i++) {
            double used = store.counters().get(Counter.MEM_USED_TOTAL);
            waste = 100 * (used - open - store.counters().get(Counter.COMPR_DATA_SIZE)) / used;
            if (waste <= percent) {
                return;
            }
            LockSupport.parkNanos(10_000_000);
        }
        assertTrue(waste <= percent, waste + " % waste");
    }
}
