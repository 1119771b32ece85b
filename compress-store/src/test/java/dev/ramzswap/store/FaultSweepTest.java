package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.ramzswap.backing.SweptDevice;
import dev.ramzswap.backing.SweptDevice.Call;
import dev.ramzswap.backing.SweptDevice.Fault;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Contract points 5 and 6: one scenario again and again, each time with the fault at another call of the backing file's
 * device, until the scenario does not come as far as that. Threads of the store make calls too, so the n-th one is not
 * the same each time. All of them, instead of some: {@code -Dramzswap.faults=1}. To replay a failure:
 * {@code -Dramzswap.seed=SEED}.
 */
@Timeout(600)
class FaultSweepTest {
    private static final int EVERY = Integer.getInteger("ramzswap.faults", 0);
    private static final long SEED = Long.getLong("ramzswap.seed", System.nanoTime());

    /** Slots that only the test touches while the scenario stands still. */
    private static final int BYSTANDERS = 40;

    private static final long PATIENCE_MILLIS = 20_000;
    private static final int ATTEMPTS = 50;

    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final Logger logger = Logger.getLogger("dev.ramzswap.backing");

    @BeforeEach
    void beQuiet() {
        logger.setLevel(Level.OFF);
    }

    @AfterEach
    void beLoud() {
        logger.setLevel(null);
    }

    @ParameterizedTest
    @CsvSource({
        "EIO, WRITE",
        "ENOSPC, WRITE",
        "SHORT, WRITE",
        "GONE, WRITE",
        "EIO, READ",
        "SHORT, READ",
        "GONE, READ",
        "EIO, COMPACTION",
        "SHORT, COMPACTION",
        "GONE, COMPACTION"
    })
    void noCallThatFailsHarmsMoreThanItsOwnPages(Fault fault, Call call) throws Exception {
        report(fault, call, seed -> sweep(fault, call, seed));
    }

    private int sweep(Fault fault, Call call, long seed) throws IOException {
        int number = 0;
        for (boolean isReached = true; isReached; number += step(call)) {
            SweptDevice device = new SweptDevice(SweptStore.SEGMENTS, fault, call, number);
            try (SweptStore swept = new SweptStore(device, label(fault, call, number, seed))) {
                SweptUser user = swept.user(0, SweptStore.SLOTS);
                user.play(seed);
                user.loadAll();
                isReached = device.isReached();
                device.heal();
                swept.checkHealed();
            }
        }
        return number / step(call) - 1;
    }

    @ParameterizedTest
    @EnumSource
    void noCallThatIsSlowHoldsUpOtherSlots(Call call) throws Exception {
        report(Fault.SLOW, call, seed -> sweepSlowly(call, seed));
    }

    private int sweepSlowly(Call call, long seed) throws IOException, InterruptedException {
        int number = 0;
        for (boolean isReached = true; isReached; number += step(call)) {
            SweptDevice device = new SweptDevice(SweptStore.SEGMENTS, Fault.SLOW, call, number);
            try (SweptStore swept = new SweptStore(device, label(Fault.SLOW, call, number, seed))) {
                SweptUser bystander = swept.user(0, BYSTANDERS);
                SweptUser user = swept.user(BYSTANDERS, SweptStore.SLOTS);
                bystander.storeAll();
                Thread scenario = start("scenario", () -> user.play(seed));
                while (scenario.isAlive() && !device.awaitReached(1)) {}
                isReached = device.isReached();
                if (isReached) {
                    useMeanwhile(swept, bystander, scenario);
                }
                device.heal();
                end(scenario, swept.label);
                swept.checkHealed();
            }
        }
        return number / step(call) - 1;
    }

    private void useMeanwhile(SweptStore swept, SweptUser bystander, Thread scenario) throws InterruptedException {
        boolean isSlowLoad = swept.device.holder().equals(scenario.getName());
        Thread other = start("bystander", () -> {
            bystander.loadAll();
            if (!isSlowLoad) {
                // Nobody writes or compacts until it is over: what is stored now needs room in RAM.
                swept.makeAmple();
            }
            bystander.storeAll();
            bystander.loadAll();
        });
        end(other, swept.label + ", held by " + swept.device.holder());
    }

    private Thread start(String name, Runnable task) {
        return Thread.ofPlatform()
                .name(name)
                .uncaughtExceptionHandler((thread, e) -> failure.compareAndSet(null, e))
                .start(task);
    }

    private void end(Thread thread, String label) throws InterruptedException {
        thread.join(PATIENCE_MILLIS);
        StackTraceElement[] where = thread.getStackTrace();
        if (thread.isAlive()) {
            fail(label + ": " + thread.getName() + " waits in " + Arrays.toString(where));
        }
        if (failure.get() != null) {
            throw new AssertionError(label, failure.get());
        }
    }

    /** Reads are many; every write and every compaction counts for as many. */
    private static int step(Call call) {
        return EVERY > 0 ? EVERY : call == Call.READ ? 5 : call == Call.WRITE ? 2 : 1;
    }

    private static String label(Fault fault, Call call, int number, long seed) {
        return fault + " at " + call + " " + number + ", seed " + seed;
    }

    /** How often a sweep hit a call. */
    private interface Sweep {
        int run(long seed) throws IOException, InterruptedException;
    }

    /** Tries another seed if none was hit: when to compact is for a thread of the store to say. */
    private static void report(Fault fault, Call call, Sweep sweep) throws IOException, InterruptedException {
        int hits = 0;
        for (int attempt = 0; hits == 0; attempt++) {
            assertTrue(attempt < ATTEMPTS, "no " + call + " was hit");
            hits = sweep.run(SEED + attempt);
        }
        System.out.println("FaultSweepTest: seed " + SEED + ", " + fault + " at " + hits + " of " + call);
    }
}
