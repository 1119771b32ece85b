package dev.ramzswap.store;

import dev.ramzswap.store.Counters.Counter;
import java.nio.ByteBuffer;

/**
 * Loads of pages. A page that was fetched is only believed if the slot's word is the same afterwards: else it was
 * overtaken by a store, and the load starts again. Thread-safe.
 */
final class Loader {
    /** How often a load tries again before it believes that an unchanged word's record is damaged. */
    private static final int MAX_MISMATCHES = 3;

    /**
     * A page that took so long may have come too late: the kernel asks again for what takes longer than its timeout, of
     * 1 s or more ({@code swapon --request-timeout}), and would never have a page that takes as long each time. One
     * request may be for eight pages (max_sectors_kb).
     */
    private static final long LATE_NANOS = 100_000_000;

    private final SlotMap map;
    private final RegionTable regions;
    private final Counters counters;
    private final Ownership ownership;
    private final Placer placer;
    private final Fetcher fetcher;

    Loader(Parts parts, Ownership ownership, Placer placer, Fetcher fetcher) {
        this.map = parts.map();
        this.regions = parts.regions();
        this.counters = parts.counters();
        this.ownership = ownership;
        this.placer = placer;
        this.fetcher = fetcher;
    }

    /**
     * Loads a page; waits for the backing file if it must, and takes the page back to the pool if that has room to
     * spare, or any room if the page was late: who asks again then finds it there.
     */
    int load(long slot, ByteBuffer into, int at, Workspace work) {
        int status = loadNow(slot, into, at, work);
        while (status == StoreStatus.WOULD_WAIT) {
            long word = map.get(slot);
            if (Slot.kind(word) != Slot.KIND_FILE) {
                status = loadNow(slot, into, at, work);
                continue;
            }
            long content = fetcher.contentOf(word);
            long begin = System.nanoTime();
            status = fetcher.fetch(slot, word, into, at, work);
            if (isOvertaken(slot, word) || status != StoreStatus.OK && fetcher.contentOf(word) != content) {
                // The segment may hold another version of the page by now, of which nobody was told yet.
                status = loadNow(slot, into, at, work);
                continue;
            }
            if (status != StoreStatus.OK) {
                return failed(status, work);
            }
            if (System.nanoTime() - begin >= LATE_NANOS || hasRoomToSpare()) {
                promote(slot, word, content, work);
            }
            return loaded(slot, word, work);
        }
        return status;
    }

    /** Like {@link #load}, but returns WOULD_WAIT where that would wait. */
    int loadNow(long slot, ByteBuffer into, int at, Workspace work) {
        int mismatches = 0;
        while (true) {
            long word = map.get(slot);
            int status = fetcher.fetchNow(slot, word, into, at, work);
            if (status == StoreStatus.WOULD_WAIT) {
                return status;
            }
            if (isOvertaken(slot, word)) {
                continue;
            }
            if (status == StoreStatus.OK) {
                return loaded(slot, word, work);
            }
            if (++mismatches == MAX_MISMATCHES) {
                return failed(status, work);
            }
        }
    }

    private boolean hasRoomToSpare() {
        regions.lock.lock();
        try {
            return regions.budget().hasRoomToSpare();
        } finally {
            regions.lock.unlock();
        }
    }

    /**
     * Puts a page that was fetched into the pool, in place of the one in the file. Not before it was fetched: whoever
     * is at work, or has a page pinned, keeps others waiting ({@link RoomSearch}), and a disk may take long. So the
     * word alone does not tell that the page is the slot's: it may have been replaced, and the new one lie in the same
     * place. What is in the segment must be the same, too.
     */
    private void promote(long slot, long word, long content, Workspace work) {
        work.begin();
        try {
            if (Slot.isPinned(word) || !ownership.pin(slot, word)) {
                return;
            }
            long promoted = StoreStatus.WOULD_WAIT;
            try {
                if (fetcher.contentOf(word) == content) {
                    promoted = placer.promote(work);
                }
            } finally {
                unpin(slot, word, promoted, work);
            }
        } finally {
            work.end();
        }
    }

    private void unpin(long slot, long word, long promotedOrStatus, Workspace work) {
        if (Slot.isWord(promotedOrStatus)) {
            ownership.replace(slot, word, promotedOrStatus, work.stripe);
        } else {
            ownership.unpin(slot, word);
        }
    }

    private boolean isOvertaken(long slot, long word) {
        return !Slot.sameCopy(word, map.get(slot));
    }

    private int loaded(long slot, long word, Workspace work) {
        if (word == Slot.HOLE) {
            return StoreStatus.OK;
        }
        counters.add(Counter.LOADS, work.stripe, 1);
        if (Slot.kind(word) == Slot.KIND_FILE) {
            counters.add(Counter.BD_READS, work.stripe, 1);
        }
        if (Slot.isRecord(word) && !Slot.isReferenced(word) && !Slot.isPinned(word)) {
            // If it fails, somebody else has a newer word, and this one's age is of no interest any more.
            map.compareAndSet(slot, word, Slot.referenced(word));
        }
        return StoreStatus.OK;
    }

    private int failed(int status, Workspace work) {
        counters.add(Counter.IO_ERRORS, work.stripe, 1);
        return status;
    }
}
