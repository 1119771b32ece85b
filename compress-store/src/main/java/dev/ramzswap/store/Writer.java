package dev.ramzswap.store;

import dev.ramzswap.store.Counters.Counter;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.LockSupport;

/**
 * Writes of whole and of partial pages. Both try first, and if there is no room, wait for their turn to search for it;
 * a partial write begins anew then, since it must not keep a page pinned while it waits. Thread-safe.
 */
final class Writer {
    private static final long PIN_RETRY_NANOS = 20_000;

    private final SlotMap map;
    private final Counters counters;
    private final Ownership ownership;
    private final FreedSlots freed;
    private final RoomSearch search;
    private final Placer placer;
    private final Fetcher fetcher;

    Writer(Parts parts, Ownership ownership, FreedSlots freed, RoomSearch search, Placer placer, Fetcher fetcher) {
        this.map = parts.map();
        this.counters = parts.counters();
        this.ownership = ownership;
        this.freed = freed;
        this.search = search;
        this.placer = placer;
        this.fetcher = fetcher;
    }

    /** Like {@link #write}, but returns WOULD_WAIT, with nothing done, instead of waiting for room. */
    int writeNow(long slot, int begin, int length, ByteBuffer from, int at, CodecSpec codec, Workspace work) {
        return counted(tryWrite(slot, begin, length, from, at, codec, work), work);
    }

    /** Replaces a part of a slot, or all of it. OK, NO_SPACE, or, if it is a part, IO_ERROR. */
    int write(long slot, int begin, int length, ByteBuffer from, int at, CodecSpec codec, Workspace work) {
        int status = tryWrite(slot, begin, length, from, at, codec, work);
        while (status == StoreStatus.WOULD_WAIT) {
            status = search.takeTurn(work)
                    ? writeInTurn(slot, begin, length, from, at, codec, work)
                    : tryWrite(slot, begin, length, from, at, codec, work);
        }
        return counted(status, work);
    }

    private int writeInTurn(
            long slot, int begin, int length, ByteBuffer from, int at, CodecSpec codec, Workspace work) {
        try {
            int status = tryWrite(slot, begin, length, from, at, codec, work);
            while (status == StoreStatus.WOULD_WAIT) {
                status = search.isExhausted(work)
                        ? StoreStatus.NO_SPACE
                        : tryWrite(slot, begin, length, from, at, codec, work);
            }
            return status;
        } finally {
            search.endTurn(work);
        }
    }

    private int tryWrite(long slot, int begin, int length, ByteBuffer from, int at, CodecSpec codec, Workspace work) {
        if (search.isClosedTo(work)) {
            return StoreStatus.WOULD_WAIT;
        }
        work.begin();
        try {
            freed.take(slot);
            return length == PageStore.SLOT_BYTES
                    ? tryStore(slot, from, at, codec, work)
                    : tryPatch(slot, begin, length, from, at, codec, work);
        } finally {
            work.end();
        }
    }

    private int tryStore(long slot, ByteBuffer from, int at, CodecSpec codec, Workspace work) {
        long word = placer.place(slot, from, at, codec, work);
        if (!Slot.isWord(word)) {
            return (int) word;
        }
        ownership.publish(slot, word, work.stripe);
        return stored(word, work);
    }

    private int tryPatch(long slot, int begin, int length, ByteBuffer from, int at, CodecSpec codec, Workspace work) {
        while (true) {
            long word = pin(slot);
            long patched = StoreStatus.IO_ERROR;
            try {
                patched = patched(slot, word, begin, length, from, at, codec, work);
            } finally {
                if (!Slot.isWord(patched)) {
                    ownership.unpin(slot, word);
                }
            }
            if (!Slot.isWord(patched)) {
                return (int) patched;
            }
            if (ownership.replace(slot, word, patched, work.stripe)) {
                return stored(patched, work);
            }
        }
    }

    /** Places a patched copy of a page. Returns its word, or a status. */
    private long patched(
            long slot, long word, int begin, int length, ByteBuffer from, int at, CodecSpec codec, Workspace work) {
        int status = fetcher.fetch(slot, word, work.page, 0, work);
        if (status != StoreStatus.OK) {
            return failed(status, work);
        }
        work.page.put(begin, from, at, length);
        return placer.place(slot, work.page, 0, codec, work);
    }

    /** Waits until nobody has the slot's record pinned, pins it, and returns its unpinned word. */
    private long pin(long slot) {
        while (true) {
            long word = map.get(slot);
            if (!Slot.isRecord(word) || !Slot.isPinned(word) && ownership.pin(slot, word)) {
                return word;
            }
            // Another partial write of the slot may be reading the backing file.
            LockSupport.parkNanos(PIN_RETRY_NANOS);
        }
    }

    private int counted(int status, Workspace work) {
        if (status == StoreStatus.NO_SPACE) {
            counters.add(Counter.REFUSED_STORES, work.stripe, 1);
        }
        return status;
    }

    private int stored(long word, Workspace work) {
        if (Slot.kind(word) == Slot.KIND_FILE) {
            counters.add(Counter.FAILED_STORES, work.stripe, 1);
            counters.add(Counter.BD_WRITES, work.stripe, 1);
        } else {
            counters.add(Counter.SUCC_STORES, work.stripe, 1);
        }
        return StoreStatus.OK;
    }

    private int failed(int status, Workspace work) {
        counters.add(Counter.IO_ERRORS, work.stripe, 1);
        return status;
    }
}
