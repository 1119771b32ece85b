package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.UnreliableDevice;
import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A store over an {@link UnreliableDevice}, and what is in it that it does not tell everybody. */
public final class SoakedStore implements AutoCloseable {
    private static final VarHandle BITS = ValueLayout.JAVA_LONG.varHandle();
    private static final long AHEAD_BYTES = 2 << 20;
    private static final Counter[] GAUGES = {
        Counter.ORIG_DATA_SIZE, Counter.COMPR_DATA_SIZE, Counter.SAME_PAGES, Counter.HUGE_PAGES, Counter.BD_COUNT
    };

    private final StoreFiles files;
    private final PageStore store;
    private final MemorySegment freed;
    private UnreliableDevice device;

    public SoakedStore(long slots, Path file, long seed) throws IOException {
        StoreConfig config = new StoreConfig(
                "soak",
                slots,
                StoreConfig.NO_LIMIT,
                CodecSpec.LZ4,
                StoreConfig.DEFAULT_CUTOFF,
                Optional.of(new StoreConfig.Backing(file, StoreConfig.WORST_CASE, true)),
                false,
                AHEAD_BYTES,
                Optional.empty());
        files = StoreFiles.open(
                config, backing -> UnreliableDevice.open(backing, seed, opened -> this.device = opened));
        store = PageStore.open(config, files);
        freed = Arena.ofAuto().allocate(Math.ceilDiv(slots, Long.SIZE) * Long.BYTES, Long.BYTES);
        if (!store.freed().begin(freed, 1)) {
            throw new IOException("the store does not look at what is freed");
        }
    }

    /** Says that nobody needs a slot any more, as the kernel's program would. */
    public void free(long slot) {
        long _ = (long) BITS.getAndBitwiseOr(freed, slot / Long.SIZE * Long.BYTES, 1L << slot);
    }

    public PageStore store() {
        return store;
    }

    public UnreliableDevice device() {
        return device;
    }

    public BackingFile backing() {
        return files.parts().file();
    }

    /** Nobody may be at work but the store itself, which stands still meanwhile. */
    public void checkInvariants(String label) throws InterruptedException {
        Invariants.checkPaused(store, files.parts(), label);
    }

    /**
     * What is not zero, by name, though all slots were dropped. Ends the background work first: what a spill or a
     * compaction has in its hands is dropped when it is through.
     */
    public Map<String, Long> leftovers() {
        store.stopBackgroundWork();
        Map<String, Long> left = new TreeMap<>();
        for (Counter gauge : GAUGES) {
            left.put(gauge.label(), store.counters().get(gauge));
        }
        left.put("live bytes of the pool", files.parts().regions().budget().liveBytes());
        left.put("live bytes of the backing file", files.parts().file().liveBytes());
        left.values().removeIf(value -> value == 0);
        return left;
    }

    @Override
    public void close() {
        store.close();
    }
}
