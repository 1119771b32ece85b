package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Nothing on the way of a page allocates on the heap. */
class AllocationTest {
    private static final int SLOTS = 2048;
    private static final int ROUNDS = 12;

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({"lz4, false", "zstd:1, false", "lz4, true"})
    void storesAndLoadsAllocateNothing(String codec, boolean isSpilled) throws IOException {
        TestConfig config = new TestConfig(SLOTS).codec(codec);
        if (isSpilled) {
            config.limit(2 << 20).backing(directory.resolve("backing"));
        }
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        ByteBuffer[] pages = new ByteBuffer[64];
        for (int i = 0; i < pages.length; i++) {
            pages[i] = Pages.page(i);
        }
        ByteBuffer out = Pages.buffer();
        try (PageStore store = PageStore.open(config.build());
                Workspace work = store.workspace()) {
            long least = Long.MAX_VALUE;
            for (int round = 0; round < ROUNDS; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                playRound(store, pages, out, work, round);
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            // The first rounds allocate while the interpreter and the compilers are at work.
            assertTrue(least < SLOTS / 4, least + " bytes in " + 3 * SLOTS + " operations");
        }
    }

    private static void playRound(PageStore store, ByteBuffer[] pages, ByteBuffer out, Workspace work, int round) {
        for (int slot = 0; slot < SLOTS; slot++) {
            assertEquals(StoreStatus.OK, store.store(slot, pages[(slot + round) % pages.length], 0, work));
            assertEquals(StoreStatus.OK, store.load(slot, out, 0, work));
            if (slot % 16 == 0) {
                store.invalidate(slot, work);
                assertEquals(StoreStatus.OK, store.patch(slot, 100, 1000, pages[1], 0, work));
            }
        }
    }
}
