package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.store.Counters.Counter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A simulated kernel that frees slots by their bits and gives them out again as fast as it can: each page that it has
 * is there, and those that it has freed are not, a moment later. To replay a failure: {@code -Dramzswap.seed=SEED};
 * more of it: {@code -Dramzswap.operations=N}, of which same-filled pages, that are no more than their slots' words,
 * make a hundred times as many in the same time.
 */
class KernelFreesTest {
    private static final int SLOTS = 3000;
    private static final int THREADS = 3;
    private static final long OPERATIONS = Long.getLong("ramzswap.operations", 600_000);
    private static final long SEED = Long.getLong("ramzswap.seed", System.nanoTime());
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);
    private static final int ROUNDS = 3;

    /** So few that pages differ in the value that they are filled with, and come again and again. */
    private static final int CONTENTS = 64;

    private static final VarHandle WORD = JAVA_LONG.varHandle();

    @TempDir
    Path directory;

    private final MemorySegment bits = Arena.ofAuto().allocate((SLOTS + 63) / 64 * 8L, 8);
    private final ByteBuffer[] contents = new ByteBuffer[CONTENTS];
    private final ByteBuffer zeroes = Pages.buffer();

    @Test
    void sameFilledPages() throws Exception {
        Arrays.setAll(contents, content -> Pages.page(Pages.Kind.SAME_FILLED, content));
        play(new TestConfig(SLOTS).build());
    }

    @Test
    void inMemoryAlone() throws Exception {
        Arrays.setAll(contents, Pages::page);
        play(new TestConfig(SLOTS).build());
    }

    @Test
    void mostPagesSpilled() throws Exception {
        Arrays.setAll(contents, Pages::page);
        play(new TestConfig(SLOTS)
                .limit(2 << 20)
                .backing(directory.resolve("file"))
                .build());
    }

    private void play(StoreConfig config) throws Exception {
        StoreFiles files = StoreFiles.open(config, BackingFile::open);
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        try (PageStore store = PageStore.open(config, files)) {
            assertTrue(store.freed().begin(bits, 1));
            List<Cpu> cpus = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                cpus.add(new Cpu(store, i));
            }
            for (int round = 0; round < ROUNDS; round++) {
                List<Future<?>> futures = new ArrayList<>();
                cpus.forEach(cpu -> futures.add(pool.submit(cpu::run)));
                for (Future<?> future : futures) {
                    future.get();
                }
                awaitStored(store, cpus.stream().mapToLong(Cpu::used).sum());
                Invariants.checkPaused(store, files.parts(), "seed " + SEED + " in round " + round);
            }
            cpus.forEach(Cpu::freeAll);
            awaitStored(store, 0);
            assertTrue(store.counters().get(Counter.FREED_SLOTS) > 0);
            assertEquals(0, store.counters().get(Counter.INVALIDATES));
            assertTrue(store.freed().end());
        } catch (ExecutionException e) {
            throw new AssertionError("seed " + SEED, e.getCause());
        } finally {
            pool.shutdownNow();
        }
    }

    private static void awaitStored(PageStore store, long pages) {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (stored(store) != pages && System.nanoTime() - end < 0) {
            LockSupport.parkNanos(1_000_000);
        }
        assertEquals(pages, stored(store), "seed " + SEED);
    }

    private static long stored(PageStore store) {
        return store.counters().get(Counter.ORIG_DATA_SIZE) / PageStore.SLOT_BYTES;
    }

    /** One that has slots of its own, and knows what they hold. */
    private final class Cpu {
        private static final int FREE = -1;

        private final PageStore store;
        private final int id;
        private final SplittableRandom random;
        private final int[] held = new int[SLOTS / THREADS];
        private final ByteBuffer out = Pages.buffer();

        Cpu(PageStore store, int id) {
            this.store = store;
            this.id = id;
            this.random = new SplittableRandom(SEED + id);
            Arrays.fill(held, FREE);
        }

        void run() {
            try (Workspace work = store.workspace()) {
                for (long i = 0; i < OPERATIONS / THREADS / ROUNDS; i++) {
                    int own = random.nextInt(held.length);
                    if (held[own] == FREE) {
                        swapOut(own, work);
                    } else {
                        check(own, work);
                        free(own);
                        reuse(own, work);
                    }
                }
                for (int own = 0; own < held.length; own++) {
                    check(own, work);
                }
            }
        }

        /** At once, or a little later: while the freed page is being dropped. */
        private void reuse(int own, Workspace work) {
            if (random.nextInt(3) > 0) {
                for (int pause = random.nextInt(200); pause > 0; pause--) {
                    Thread.onSpinWait();
                }
                swapOut(own, work);
            }
        }

        private void swapOut(int own, Workspace work) {
            int content = random.nextInt(CONTENTS);
            assertEquals(StoreStatus.OK, store.store(slot(own), contents[content], 0, work), this::toString);
            held[own] = content;
        }

        private void check(int own, Workspace work) {
            if (held[own] != FREE) {
                assertEquals(StoreStatus.OK, store.load(slot(own), out, 0, work), this::toString);
                assertTrue(
                        Pages.equal(contents[held[own]], out),
                        () -> this + ": " + (Pages.equal(zeroes, out) ? "dropped" : "other bytes"));
            }
        }

        private void free(int own) {
            held[own] = FREE;
            long slot = slot(own);
            long _ = (long) WORD.getAndBitwiseOr(bits, slot / 64 * 8, 1L << slot);
        }

        void freeAll() {
            for (int own = 0; own < held.length; own++) {
                if (held[own] != FREE) {
                    free(own);
                }
            }
        }

        long used() {
            return Arrays.stream(held).filter(content -> content != FREE).count();
        }

        private long slot(int own) {
            return (long) own * THREADS + id;
        }

        @Override
        public String toString() {
            return "seed " + SEED + ", CPU " + id;
        }
    }
}
