package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.OK;
import static dev.ramzswap.backing.BackingFileTest.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.FaultyDevice.Fault;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Several threads store, drop and load at random, each with keys of its own that a plain array models, and load the
 * keys of the others, which must be intact. Replay with {@code -Dseed=N}.
 */
@Timeout(120)
class ModelTest {
    private static final int THREADS = 4;
    private static final int KEYS_EACH = 200;
    private static final int OPERATIONS = 12_000;
    private static final long BYTES = BackingSize.bytesFor(THREADS * KEYS_EACH, Owner.MAX_BYTES / 2 + 100);

    private final long seed = Long.getLong("seed", System.nanoTime());

    @TempDir
    Path dir;

    @Test
    void aPlainFile() throws Exception {
        BackingFile backing = BackingFile.open(State.fresh(BYTES).config(dir.resolve("b"), true));
        run(backing, false);
    }

    @Test
    void aDeviceThatFailsNowAndThen() throws Exception {
        FaultyDevice device = new FaultyDevice((int) (BYTES / BackingFile.SEGMENT_BYTES));
        device.writes = call -> fault(call, 8);
        device.reads = call -> fault(call, 50);
        run(State.fresh(BYTES).open(device, State.FAST), true);
    }

    /** One call of {@code oneOf} fails, in a way that follows from the seed. */
    private Fault fault(int call, int oneOf) {
        Random random = new Random(seed + call);
        random.nextInt();
        if (random.nextInt(oneOf) != 0) {
            return Fault.NONE;
        }
        Fault[] faults = Fault.values();
        return faults[random.nextInt(faults.length)];
    }

    private void run(BackingFile backing, boolean faulty) throws Exception {
        System.out.println("seed " + seed);
        Owner owner = new Owner(backing, THREADS * KEYS_EACH);
        try (backing) {
            try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
                List<Future<?>> futures = new ArrayList<>();
                for (int thread = 0; thread < THREADS; thread++) {
                    int number = thread;
                    futures.add(threads.submit(() -> play(owner, number, faulty)));
                }
                for (Future<?> future : futures) {
                    future.get();
                }
            } catch (ExecutionException e) {
                throw new AssertionError("seed " + seed, e.getCause());
            }
            assertTrue(backing.writes() > 20, "writes: " + backing.writes());
            assertTrue(backing.reads() > 100, "reads: " + backing.reads());
            assertEquals(faulty, backing.writeErrors() > 0);
            assertEquals(faulty, backing.readErrors() > 0);
            assertAllCanBeFreed(owner);
        }
    }

    private Void play(Owner owner, int thread, boolean faulty) {
        Random random = new Random(seed * 31 + thread);
        int[] model = new int[KEYS_EACH];
        Arrays.fill(model, Owner.ABSENT);
        try (Owner.Scratch scratch = new Owner.Scratch(owner.backing)) {
            for (int i = 0; i < OPERATIONS; i++) {
                int number = random.nextInt(KEYS_EACH);
                int key = thread * KEYS_EACH + number;
                int choice = random.nextInt(10);
                if (choice < 4) {
                    if (owner.store(key, i, scratch) == OK) {
                        model[number] = i;
                    } else {
                        assertTrue(faulty, "stores fail only if the device does");
                        LockSupport.parkNanos(500_000); // until a write was tried again
                    }
                } else if (choice < 5) {
                    owner.drop(key);
                    model[number] = Owner.ABSENT;
                } else if (choice < 8) {
                    int loaded = owner.load(key, scratch);
                    assertTrue(loaded == model[number] || faulty && loaded == Owner.UNREADABLE, () -> "key " + key);
                } else {
                    owner.load(random.nextInt(owner.keys), scratch);
                }
            }
            for (int number = 0; number < KEYS_EACH; number++) {
                int key = thread * KEYS_EACH + number;
                int loaded = owner.load(key, scratch);
                while (faulty && loaded == Owner.UNREADABLE) {
                    loaded = owner.load(key, scratch);
                }
                assertEquals(model[number], loaded, "key " + key);
            }
        }
        return null;
    }

    private static void assertAllCanBeFreed(Owner owner) {
        BackingFile backing = owner.backing;
        for (int key = 0; key < owner.keys; key++) {
            owner.drop(key);
        }
        assertEquals(0, backing.liveBytes());
        int open = 2;
        await(() -> backing.freeSegments() >= backing.segments() - open - Staging.BUFFERS);
    }
}
