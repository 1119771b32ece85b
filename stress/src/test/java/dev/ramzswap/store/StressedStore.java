package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.ramzswap.backing.BackingSize;
import dev.ramzswap.backing.DamagedDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The one store that all states of a race share, since they are made by the million: each {@link #claim}s two slots of
 * it, for itself until all others have been claimed. The backing file lies in memory. Nothing happens by itself: a
 * spill or a compaction is a move of one of the players.
 */
final class StressedStore {
    /** For four times as many states as jcstress has at once; see {@code stress/run}. */
    private static final int SLOTS = 16_384;

    private static final int SLOTS_OF_A_STATE = 2;

    private static final StressedStore INSTANCE = make();

    private static final VarHandle WORD = JAVA_LONG.varHandle();

    private final AtomicInteger claims = new AtomicInteger();
    private final MemorySegment freed = Arena.global().allocate(SLOTS / Byte.SIZE, Long.BYTES);
    private final StoreFiles files;
    private final PageStore store;
    private final Spiller spiller;
    private final PoolCompactor compactor;

    private StressedStore() throws IOException {
        StoreConfig config = new StoreConfig(
                "races",
                SLOTS,
                StoreConfig.NO_LIMIT,
                CodecSpec.LZ4,
                StoreConfig.DEFAULT_CUTOFF,
                Optional.of(new StoreConfig.Backing(Path.of("in-memory"), StoreConfig.WORST_CASE, true)),
                false,
                0,
                Optional.empty());
        files = StoreFiles.open(config, new DamagedDevice(BackingSize.bytesFor(SLOTS, Record.MAX_BYTES))::open);
        store = PageStore.open(config, files);
        store.stopBackgroundWork();
        store.freed().begin(freed, 1);
        Parts parts = files.parts();
        Ownership ownership = new Ownership(parts, new Fullness());
        spiller = new Spiller(parts, ownership, store.workspace());
        compactor = new PoolCompactor(parts, ownership);
    }

    private static StressedStore make() {
        try {
            return new StressedStore();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static StressedStore instance() {
        return INSTANCE;
    }

    /** The first of two slots. */
    int claim() {
        return claims.getAndIncrement() * SLOTS_OF_A_STATE & SLOTS - 1;
    }

    PageStore store() {
        return store;
    }

    /** As the kernel does when nothing refers to a slot any more. */
    void free(int slot) {
        long _ = (long) WORD.getAndBitwiseOr(freed, slot / Long.SIZE * Long.BYTES, 1L << slot);
    }

    /** As the keeper does. By one player only. */
    void sweep() {
        store.keeper().sweep();
    }

    /** As the keeper does, to this slot alone. By one player only. */
    void spill(int slot) {
        long word = files.parts().map().get(slot);
        if (Spiller.isSpillable(word)) {
            spiller.spill(slot, word);
        }
    }

    /** As the keeper does, to this slot alone. By one player only. */
    void compact(int slot) {
        long word = files.parts().map().get(slot);
        if (Slot.kind(word) == Slot.KIND_POOL && !Slot.isPinned(word)) {
            compactor.move(slot, word);
        }
    }
}
