package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.BackingSize;
import dev.ramzswap.backing.SweptDevice;
import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;

/** A store over a device that fails, its users, and what must be true of it when the fault is over. */
final class SweptStore implements AutoCloseable {
    static final int SLOTS = 240;

    /** As many as the worst case of all slots asks for. */
    static final int SEGMENTS = (int) (BackingSize.bytesFor(SLOTS, Record.MAX_BYTES) / BackingFile.SEGMENT_BYTES);

    static final long LOW = 768 << 10;
    static final long HIGH = 1536 << 10;
    private static final long AMPLE = 8 << 20;

    final PageStore store;
    final StoreFiles files;
    final SweptDevice device;
    final String label;
    private final List<SweptUser> users = new ArrayList<>();
    private long highestLimit = LOW;

    SweptStore(SweptDevice device, String label) throws IOException {
        this.device = device;
        this.label = label;
        var backing = new StoreConfig.Backing(Path.of("memory"), StoreConfig.WORST_CASE, true);
        var config = new StoreConfig(
                "test",
                SLOTS,
                LOW,
                CodecSpec.LZ4,
                StoreConfig.DEFAULT_CUTOFF,
                Optional.of(backing),
                false,
                0,
                Optional.empty());
        files = StoreFiles.open(config, device::open);
        store = PageStore.open(config, files);
    }

    /** Somebody to whom the slots of a range belong. */
    SweptUser user(int first, int end) {
        SweptUser user = new SweptUser(this, first, end);
        users.add(user);
        return user;
    }

    /** As a part of the scenario, unless {@link #makeAmple} was called. */
    synchronized void setLimit(long bytes) {
        if (highestLimit < AMPLE) {
            highestLimit = Math.max(highestLimit, bytes);
            store.setLimit(bytes);
        }
    }

    /** Gives all pages room in RAM, for good. */
    synchronized void makeAmple() {
        highestLimit = AMPLE;
        store.setLimit(AMPLE);
    }

    /** The fault is over: every page that was accepted is there, and every slot takes another one. */
    void checkHealed() {
        long before = sum(SweptUser::errors);
        users.forEach(SweptUser::loadAll);
        assertEquals(before, sum(SweptUser::errors), label + ": errors that stay");
        users.forEach(SweptUser::storeAll);
        users.forEach(SweptUser::loadAll);
        assertEquals(before, sum(SweptUser::errors), label + ": errors after new stores");
        checkCounters();
        checkInvariants();
        users.forEach(SweptUser::invalidateAll);
        checkNothingIsLeft();
    }

    private void checkCounters() {
        Counters counters = store.counters();
        assertEquals(sum(SweptUser::pages) * PageStore.SLOT_BYTES, counters.get(Counter.ORIG_DATA_SIZE), label);
        assertEquals(
                sum(SweptUser::stored), counters.get(Counter.SUCC_STORES) + counters.get(Counter.FAILED_STORES), label);
        assertEquals(sum(SweptUser::loaded), counters.get(Counter.LOADS), label);
        assertEquals(sum(SweptUser::errors), counters.get(Counter.IO_ERRORS), label);
        assertEquals(sum(SweptUser::refused), counters.get(Counter.REFUSED_STORES), label);
        assertEquals(sum(SweptUser::invalidated), counters.get(Counter.INVALIDATES), label);
        assertTrue(counters.get(Counter.MEM_USED_MAX) <= highestLimit, label);
    }

    private void checkInvariants() {
        try {
            Invariants.checkPaused(store, files.parts(), label);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void checkNothingIsLeft() {
        // What a spill or a compaction had in its hands is dropped when it is through.
        store.stopBackgroundWork();
        for (Counter gauge : new Counter[] {
            Counter.ORIG_DATA_SIZE, Counter.COMPR_DATA_SIZE, Counter.SAME_PAGES, Counter.HUGE_PAGES, Counter.BD_COUNT
        }) {
            assertEquals(0, store.counters().get(gauge), () -> label + ": " + gauge.label());
        }
        assertEquals(0, files.parts().regions().budget().liveBytes(), label + ": bytes leaked in the pool");
        assertEquals(0, files.parts().file().liveBytes(), label + ": bytes leaked in the file");
    }

    private long sum(ToLongFunction<SweptUser> tally) {
        return users.stream().mapToLong(tally).sum();
    }

    @Override
    public void close() {
        device.heal();
        users.forEach(SweptUser::close);
        store.close();
    }
}
