package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.store.Counters.Counter;

/**
 * Who owns which copy of a page. A record belongs to the slot word that points to it. Whoever takes a word out of the
 * map owns its record and must {@link #drop} it, with one exception: the record of a word that was {@link #pin}ned
 * belongs to the one who pinned it, and he ends that by {@link #replace} or {@link #unpin}. Thread-safe.
 */
final class Copies {
    private final SlotMap map;
    private final Pool pool;

    /** Null if there is none. */
    private final BackingFile file;

    private final Counters counters;
    private final Fullness fullness;

    Copies(SlotMap map, Pool pool, BackingFile file, Counters counters, Fullness fullness) {
        this.map = map;
        this.pool = pool;
        this.file = file;
        this.counters = counters;
        this.fullness = fullness;
    }

    /** Makes {@code word} the slot's content, and drops what was there. */
    void publish(long slot, long word, int stripe) {
        long old = map.exchange(slot, word);
        account(word, 1, stripe);
        account(old, -1, stripe);
        if (!Slot.isPinned(old)) {
            drop(old);
        }
    }

    /** Takes the record of an unpinned word under the caller's hands. False if the slot has another word by now. */
    boolean pin(long slot, long word) {
        return map.compareAndSet(slot, word, pinned(word));
    }

    /**
     * Puts another copy in place of a word's, and drops the one that is not needed any more. The word must be pinned if
     * it is a record's.
     *
     * @return false if the slot had got another word meanwhile, and {@code newWord} was dropped
     */
    boolean replace(long slot, long word, long newWord, int stripe) {
        boolean isReplaced = map.compareAndSet(slot, pinned(word), newWord);
        if (isReplaced) {
            account(newWord, 1, stripe);
            account(word, -1, stripe);
        } else {
            drop(newWord);
        }
        drop(word);
        return isReplaced;
    }

    /** Leaves a word as it was. */
    void unpin(long slot, long word) {
        if (Slot.isRecord(word) && !map.compareAndSet(slot, pinned(word), word)) {
            drop(word);
        }
    }

    private static long pinned(long word) {
        return Slot.isRecord(word) ? word | Slot.PINNED : word;
    }

    /** Frees the record of a word that is in the map no more, or never was. */
    void drop(long word) {
        switch (Slot.kind(word)) {
            case Slot.KIND_POOL -> pool.free(Slot.place(word));
            case Slot.KIND_FILE -> file.free(Slot.place(word), Record.HEADER_BYTES + Slot.length(word));
            default -> {}
        }
        fullness.roomMade();
    }

    /** Adds a word to the gauges ({@code sign} 1), or takes it out (-1). */
    void account(long word, long sign, int stripe) {
        int kind = Slot.kind(word);
        if (kind == Slot.KIND_HOLE) {
            return;
        }
        counters.add(Counter.ORIG_DATA_SIZE, stripe, sign * PageStore.SLOT_BYTES);
        if (kind == Slot.KIND_FILL || Slot.codec(word) == Codec.FILL) {
            counters.add(Counter.SAME_PAGES, stripe, sign);
        }
        if (kind == Slot.KIND_FILE) {
            counters.add(Counter.BD_COUNT, stripe, sign);
        } else if (kind == Slot.KIND_POOL) {
            counters.add(Counter.COMPR_DATA_SIZE, stripe, sign * Slot.length(word));
            if (Slot.codec(word) == Codec.RAW) {
                counters.add(Counter.HUGE_PAGES, stripe, sign);
            }
        }
    }
}
