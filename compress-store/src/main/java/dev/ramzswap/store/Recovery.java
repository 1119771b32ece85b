package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Takes over the files of a daemon that is gone, however it ended: everything but the slot map is derived from it. A
 * daemon that is killed between any two instructions leaves each slot with its old or its new word, and each of these
 * with its record; what else lies in the pool is holes.
 *
 * <p>Nobody is served meanwhile, so this is fast rather than simple: one walk along the slot map, then one along the
 * rows of records, region by region, by several threads. A region in whose row not all of its slots' records come up
 * has damaged headers: its slots are looked at one by one, and its holes are left to {@link Compactor}.
 */
final class Recovery {
    private static final int STRIPE = 0;
    private static final int MAX_THREADS = 4;

    /** Asked for once, ahead of the takeover: the JVM reads files of cgroups for it. */
    private static final int THREADS = Math.min(Runtime.getRuntime().availableProcessors(), MAX_THREADS);

    private final long slots;
    private final SlotMap map;
    private final Pool pool;

    /** Null if there is none. */
    private final BackingFile file;

    private final Copies copies;

    /** For each region, how many slots have their record there; 0 once all of them are adopted. */
    private final int[] pending;

    Recovery(long slots, SlotMap map, Pool pool, BackingFile file, Copies copies) {
        this.slots = slots;
        this.map = map;
        this.pool = pool;
        this.file = file;
        this.copies = copies;
        this.pending = new int[pool.regions()];
    }

    void run() throws IOException {
        for (long slot = 0; slot < slots; slot++) {
            recover(slot);
        }
        adoptRegions();
        adoptRecordsOfDamagedRegions();
        pool.reclaimUnused();
        if (file != null && file.takenOver()) {
            file.adopted();
        }
    }

    private void recover(long slot) {
        long word = map.recover(slot);
        copies.account(word, 1, STRIPE);
        if (Slot.kind(word) == Slot.KIND_POOL && pool.isPlace(Slot.place(word))) {
            pending[Regions.of(Slot.place(word))]++;
        } else if (Slot.isRecord(word) && !adoptInFile(word)) {
            lose(slot, word);
        }
    }

    private boolean adoptInFile(long word) {
        return Slot.kind(word) == Slot.KIND_FILE
                && file != null
                && file.adopt(Slot.place(word), Record.HEADER_BYTES + Slot.length(word));
    }

    private void lose(long slot, long word) {
        long damaged = Slot.damaged(slot);
        map.exchange(slot, damaged);
        copies.account(word, -1, STRIPE);
        copies.account(damaged, 1, STRIPE);
    }

    /** The calling thread is one of the threads. */
    private void adoptRegions() throws IOException {
        AtomicInteger next = new AtomicInteger();
        List<FutureTask<Void>> others = new ArrayList<>();
        for (int i = 1; i < THREADS; i++) {
            FutureTask<Void> other = new FutureTask<>(() -> adoptRegions(next), null);
            Thread.ofPlatform().name("recovery-" + i).start(other);
            others.add(other);
        }
        adoptRegions(next);
        for (FutureTask<Void> other : others) {
            await(other);
        }
    }

    private void adoptRegions(AtomicInteger next) {
        for (int region = next.getAndIncrement(); region < pending.length; region = next.getAndIncrement()) {
            if (pending[region] > 0 && pool.adopt(region, pending[region], this::isLiveAt)) {
                pending[region] = 0;
            }
        }
    }

    private static void await(FutureTask<Void> task) throws IOException {
        try {
            task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while taking over a store");
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    private boolean isLiveAt(long place) {
        long slot = Record.slot(pool.memory(), place);
        long word = slot < slots ? map.get(slot) : Slot.HOLE;
        return Slot.kind(word) == Slot.KIND_POOL
                && Slot.place(word) == place
                && Record.units(Slot.length(word)) <= Record.capacity(pool.memory(), place);
    }

    private void adoptRecordsOfDamagedRegions() {
        long damaged = 0;
        for (int slotsOfRegion : pending) {
            damaged += slotsOfRegion;
        }
        for (long slot = 0; damaged > 0 && slot < slots; slot++) {
            long word = map.get(slot);
            if (Slot.kind(word) == Slot.KIND_POOL && pending[Regions.of(Slot.place(word))] > 0) {
                damaged--;
                if (!isLiveAt(Slot.place(word)) || !pool.adoptRecord(Slot.place(word))) {
                    lose(slot, word);
                }
            }
        }
    }
}
