package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Takes over the files of a daemon that is gone, however it ended: everything but the slot map is derived from it. A
 * daemon that is killed between any two instructions leaves each slot with its old or its new word, and each of these
 * with its record; what else lies in the pool is free.
 *
 * <p>Nobody is served meanwhile, so only the map is read, by several threads: how much of each region and of each
 * segment is live follows from the words' lengths. Where the free room in the regions is, the {@link Relister} finds
 * out later. A word that is damaged, or points where nothing can be, costs its own slot.
 */
final class Recovery {
    private static final System.Logger LOG = System.getLogger(Recovery.class.getName());

    private static final int MAX_THREADS = 4;

    /** Asked for once, ahead of the takeover: the JVM reads files of cgroups for it. */
    private static final int THREADS = Math.min(Runtime.getRuntime().availableProcessors(), MAX_THREADS);

    /** Slots that a thread takes at a time. */
    private static final long CHUNK = 1 << 16;

    private final Parts parts;
    private final SlotMap map;
    private final Pool pool;

    /** Null if there is none. */
    private final BackingFile file;

    private final Counters counters;
    private final PageGauges gauges;

    Recovery(Parts parts) {
        this.parts = parts;
        this.map = parts.map();
        this.pool = parts.pool();
        this.file = parts.file();
        this.counters = parts.counters();
        this.gauges = new PageGauges(counters);
    }

    void run() throws IOException {
        map.recoverResident();
        recoverSlots();
        warnOfPagesInNoFile();
        parts.regions().adopted();
        parts.regionMemory().reclaimLeftovers();
        if (file != null && file.takenOver()) {
            file.adopted();
        }
    }

    /** They stay where they are: a later daemon may have the file again. */
    private void warnOfPagesInNoFile() {
        long pages = counters.get(Counter.BD_COUNT);
        if (file == null && pages > 0) {
            LOG.log(
                    Level.WARNING,
                    pages + " pages lie in a backing file that this daemon does not have: until one has it, they cannot"
                            + " be read");
        }
    }

    /** The calling thread is one of the threads. */
    private void recoverSlots() throws IOException {
        AtomicLong next = new AtomicLong();
        List<FutureTask<Void>> others = new ArrayList<>();
        for (int i = 1; i < THREADS; i++) {
            int stripe = i;
            FutureTask<Void> other = new FutureTask<>(() -> recoverSlots(next, stripe), null);
            Thread.ofPlatform().name("recovery-" + i).start(other);
            others.add(other);
        }
        recoverSlots(next, 0);
        for (FutureTask<Void> other : others) {
            await(other);
        }
    }

    private void recoverSlots(AtomicLong next, int stripe) {
        try (Resealer resealer = new Resealer(parts)) {
            for (long first = next.getAndAdd(CHUNK); first < map.slots(); first = next.getAndAdd(CHUNK)) {
                long end = Math.min(first + CHUNK, map.slots());
                long slot = map.nextRecovered(first, end);
                for (; slot < end; slot = map.nextRecovered(slot + 1, end)) {
                    gauges.exchange(Slot.HOLE, recover(slot, resealer), stripe);
                }
                next.accumulateAndGet(slot, Math::max); // Nothing is in between: an empty map is looked through once.
            }
        }
    }

    /** Returns the slot's word from now on. */
    private long recover(long slot, Resealer resealer) {
        long found = map.get(slot);
        long word = Slot.unpinned(found); // Nobody is left to end a pin.
        if (!adopt(slot, word, resealer)) {
            word = Slot.damaged(slot);
        }
        if (word != found) {
            map.exchange(slot, word);
        }
        return word;
    }

    private boolean adopt(long slot, long word, Resealer resealer) {
        return switch (Slot.kind(word)) {
            case Slot.KIND_HOLE -> true;
            case Slot.KIND_FILL -> Slot.isFillIntact(slot, word);
            case Slot.KIND_POOL -> adoptInPool(word);
            case Slot.KIND_FILE -> file == null || adoptInFile(slot, word, resealer);
            default -> false;
        };
    }

    private boolean adoptInFile(long slot, long word, Resealer resealer) {
        boolean isThere = file.adopt(Slot.place(word), Record.bytes(word));
        if (isThere) {
            resealer.reseal(slot, word);
        }
        return isThere;
    }

    private boolean adoptInPool(long word) {
        boolean isPlace = pool.isPlaceOf(word);
        if (isPlace) {
            parts.regions().adopt(Region.of(Slot.place(word)), Record.roomFor(Slot.length(word)));
        }
        return isPlace;
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
}
