package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;

/**
 * Who owns which copy of a page. A record belongs to the slot word that points to it. Whoever takes a word out of the
 * map owns its record and must {@link #drop} it, with one exception: the record of a word that was {@link #pin}ned
 * belongs to the one who pinned it, and he ends that by {@link #replace} or {@link #unpin}. Thread-safe.
 */
final class Ownership {
    private final SlotMap map;
    private final RegionTable regions;
    private final Pool pool;

    /** Null if there is none. */
    private final BackingFile file;

    private final PageGauges gauges;
    private final Fullness fullness;

    Ownership(Parts parts, Fullness fullness) {
        this.map = parts.map();
        this.regions = parts.regions();
        this.pool = parts.pool();
        this.file = parts.file();
        this.gauges = new PageGauges(parts.counters());
        this.fullness = fullness;
    }

    /** Makes {@code word} the slot's content, and drops what was there. */
    void publish(long slot, long word, int stripe) {
        long old = map.exchange(slot, word);
        gauges.exchange(old, word, stripe);
        if (!Slot.isPinned(old)) {
            drop(slot, old);
        }
        noteDamage(slot, old);
    }

    /** A word that was damaged here, and not by {@link Slot#damaged}, may have told of a record in the pool. */
    private void noteDamage(long slot, long word) {
        if (Slot.kind(word) == Slot.KIND_DAMAGED && word != Slot.damaged(slot)) {
            regions.miscounted();
        }
    }

    /**
     * Takes the record of an unpinned word under the caller's hands. It must be the very word by which he decided that:
     * one that he reads anew may be another.
     *
     * @return false if the slot has another word by now
     */
    boolean pin(long slot, long word) {
        return map.compareAndSet(slot, word, Slot.pinned(word));
    }

    /**
     * Puts another copy in place of a word's, and drops the one that is not needed any more. The word must be pinned if
     * it is a record's.
     *
     * @return false if the slot had got another word meanwhile, and {@code newWord} was dropped
     */
    boolean replace(long slot, long word, long newWord, int stripe) {
        boolean isReplaced = map.compareAndSet(slot, Slot.pinned(word), newWord);
        if (isReplaced) {
            gauges.exchange(word, newWord, stripe);
        } else {
            drop(slot, newWord);
        }
        drop(slot, word);
        return isReplaced;
    }

    /** Leaves a word as it was. */
    void unpin(long slot, long word) {
        if (Slot.isRecord(word) && !map.compareAndSet(slot, Slot.pinned(word), word)) {
            drop(slot, word);
        }
    }

    /** Gives up a page whose word or record is damaged: its slot says so from now on. Frees nothing. */
    void lose(long slot, long word) {
        long damaged = Slot.damaged(slot);
        if (map.compareAndSet(slot, word, damaged)) {
            gauges.exchange(word, damaged, Counters.KEEPER);
        }
    }

    /** Frees the record of a slot's word that is in the map no more, or never was. */
    private void drop(long slot, long word) {
        switch (Slot.kind(word)) {
            case Slot.KIND_POOL -> pool.free(slot, word);
            case Slot.KIND_FILE -> freeInFile(word);
            default -> {
                return;
            }
        }
        fullness.roomMade();
    }

    private void freeInFile(long word) {
        if (file != null) {
            file.free(Slot.place(word), Record.bytes(word));
        }
    }
}
