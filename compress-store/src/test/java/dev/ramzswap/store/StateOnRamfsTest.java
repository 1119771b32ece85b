package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * A state directory on a file system that cannot give memory back by itself, as before Linux 6.4: the pool does all the
 * same, by its own count and by the kernel's.
 */
class StateOnRamfsTest {
    private static final int SLOTS = 16384;
    private static final long AHEAD = 1 << 20;

    @RegisterExtension
    private final Ramfs ramfs = new Ramfs();

    @TempDir
    private Path temp;

    private final ByteBuffer page = Pages.buffer();

    private TestConfig config() throws IOException, InterruptedException {
        return new TestConfig(SLOTS).ahead(AHEAD).stateDirectory(ramfs.directory());
    }

    @Test
    void discardedPagesGiveTheirMemoryBack() throws IOException, InterruptedException {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        try (PageStore store = PageStore.open(config().build());
                Workspace work = store.workspace()) {
            fill(store, work);
            long full = resident();
            for (int slot = 0; slot < SLOTS; slot++) {
                if (random.nextInt(16) != 0) {
                    store.invalidate(slot, work);
                }
            }
            long live = store.counters().get(Counter.COMPR_DATA_SIZE);
            assertTrue(live < full / 10, "seed " + seed + ": " + live + " of " + full);
            await(store, live * 14 / 10 + AHEAD, "seed " + seed);
        }
    }

    @Test
    void anEmptyPoolFitsIntoALowerLimit() throws IOException, InterruptedException {
        try (PageStore store = PageStore.open(config().overcommit().build());
                Workspace work = store.workspace()) {
            fill(store, work);
            store.invalidateArea(work);
            store.setLimit(1 << 20);
            await(store, 1 << 20, "empty");
        }
    }

    @Test
    void aLoweredLimitIsReachedUnderLoad() throws IOException, InterruptedException {
        try (PageStore store =
                        PageStore.open(config().backing(temp.resolve("file")).build());
                Workspace work = store.workspace()) {
            fill(store, work);
            store.setLimit(4 << 20);
            int[] slot = {0};
            await(store, 4 << 20, "under load", () -> store(store, slot[0]++ % SLOTS, 1, work));
            for (int i = 0; i < SLOTS; i++) {
                assertEquals(StoreStatus.OK, store.load(i, page, 0, work));
                ByteBuffer first = Pages.page(Pages.Kind.HALF, i);
                assertTrue(Pages.equal(page, first) || Pages.equal(page, Pages.page(Pages.Kind.HALF, i + SLOTS)));
            }
        }
    }

    @Test
    void aRemovedStateTakesNoMemory() throws IOException, InterruptedException {
        PageStore store = PageStore.open(config().build());
        try (Workspace work = store.workspace()) {
            fill(store, work);
        }
        String key = key();
        store.discard();
        assertFalse(Files.exists(pool()));
        assertEquals(0, resident(key));
    }

    private void fill(PageStore store, Workspace work) {
        for (int slot = 0; slot < SLOTS; slot++) {
            store(store, slot, 0, work);
        }
    }

    private boolean store(PageStore store, int slot, int round, Workspace work) {
        Pages.fill(page, (long) (slot + round * SLOTS) * Pages.Kind.values().length + Pages.Kind.HALF.ordinal());
        assertEquals(StoreStatus.OK, store.store(slot, page, 0, work));
        return true;
    }

    private void await(PageStore store, long bytes, String what) throws IOException, InterruptedException {
        await(store, bytes, what, () -> {
            LockSupport.parkNanos(1_000_000);
            return true;
        });
    }

    private void await(PageStore store, long bytes, String what, BooleanSupplier meanwhile)
            throws IOException, InterruptedException {
        long end = System.nanoTime() + 30_000_000_000L;
        while ((store.counters().memoryUsed() > bytes || resident() > bytes)
                && System.nanoTime() - end < 0
                && meanwhile.getAsBoolean()) {}
        assertTrue(
                store.counters().memoryUsed() <= bytes,
                what + ": " + store.counters().memoryUsed() + " > " + bytes);
        assertTrue(resident() <= bytes, what + ": the kernel has " + resident() + " > " + bytes);
    }

    /** Bytes of the pool in memory, as the kernel counts. */
    private long resident() throws IOException, InterruptedException {
        return resident(key());
    }

    private static long resident(String key) throws IOException {
        return Files.readAllLines(Path.of("/proc/sysvipc/shm")).stream()
                .map(line -> line.trim().split("\\s+"))
                .filter(columns -> columns[0].equals(key))
                .mapToLong(columns -> Long.parseLong(columns[14]))
                .sum();
    }

    private String key() throws IOException, InterruptedException {
        return Integer.toString(Integer.decode(Files.readString(pool()).split(" ")[0]));
    }

    private Path pool() throws IOException, InterruptedException {
        return ramfs.directory().resolve("test.pool");
    }
}
