package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import java.io.IOException;
import java.io.InterruptedIOException;

/**
 * Takes over the files of a daemon that is gone, however it ended: everything but the slot map is derived from it. A
 * daemon that is killed between any two instructions leaves each slot with its old or its new word, and each of these
 * with its record; what else lies in the pool is holes.
 */
final class Recovery {
    private static final int STRIPE = 0;

    private final long slots;
    private final SlotMap map;
    private final Pool pool;

    /** Null if there is none. */
    private final BackingFile file;

    private final Copies copies;

    Recovery(long slots, SlotMap map, Pool pool, BackingFile file, Copies copies) {
        this.slots = slots;
        this.map = map;
        this.pool = pool;
        this.file = file;
        this.copies = copies;
    }

    void run() throws IOException {
        // Beside the walk, for as far as that has not come: half of the time goes into it.
        Thread mapper = Thread.ofPlatform().name("pool-mapper").start(pool::mapResident);
        for (long slot = 0; slot < slots; slot++) {
            long word = map.recover(slot);
            if (Slot.isRecord(word) && !adopt(slot, word)) {
                word = Slot.damaged(slot);
                map.exchange(slot, word);
            }
            copies.account(word, 1, STRIPE);
        }
        await(mapper);
        pool.adopted(this::isLiveAt);
        if (file != null && file.takenOver()) {
            file.adopted();
        }
    }

    private static void await(Thread thread) throws IOException {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while taking over a store");
        }
    }

    /** Counts a record as live; false if it cannot be one. */
    private boolean adopt(long slot, long word) {
        long place = Slot.place(word);
        if (Slot.kind(word) == Slot.KIND_POOL) {
            return pool.adopt(place, slot, Slot.length(word));
        }
        return file != null && file.adopt(place, Record.HEADER_BYTES + Slot.length(word));
    }

    private boolean isLiveAt(long place) {
        long slot = Record.slot(pool.memory(), place);
        long word = slot < slots ? map.get(slot) : Slot.HOLE;
        return Slot.kind(word) == Slot.KIND_POOL && Slot.place(word) == place;
    }
}
