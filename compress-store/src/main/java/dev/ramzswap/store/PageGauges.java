package dev.ramzswap.store;

import dev.ramzswap.store.Counters.Counter;

/** What the words of a store's slots add up to, by {@link Counters}. Thread-safe. */
final class PageGauges {
    private final Counters counters;

    PageGauges(Counters counters) {
        this.counters = counters;
    }

    /**
     * Counts that a slot has got {@code word} in place of {@code old}. What both of them are is not touched, so a page
     * that is moved is there once all the time.
     *
     * @param stripe a number of the calling thread's
     */
    void exchange(long old, long word, int stripe) {
        int oldKind = Slot.kind(old);
        int kind = Slot.kind(word);
        add(Counter.ORIG_DATA_SIZE, stripe, origBytes(kind) - origBytes(oldKind));
        add(Counter.COMPR_DATA_SIZE, stripe, poolBytes(kind, word) - poolBytes(oldKind, old));
        add(Counter.SAME_PAGES, stripe, samePages(kind, word) - samePages(oldKind, old));
        add(Counter.HUGE_PAGES, stripe, hugePages(kind, word) - hugePages(oldKind, old));
        add(Counter.BD_COUNT, stripe, filePages(kind) - filePages(oldKind));
    }

    private void add(Counter gauge, int stripe, long delta) {
        if (delta != 0) {
            counters.add(gauge, stripe, delta);
        }
    }

    private static long origBytes(int kind) {
        return kind == Slot.KIND_HOLE ? 0 : PageStore.SLOT_BYTES;
    }

    private static long poolBytes(int kind, long word) {
        return kind == Slot.KIND_POOL ? Slot.length(word) : 0;
    }

    private static long samePages(int kind, long word) {
        boolean isRecord = kind == Slot.KIND_POOL || kind == Slot.KIND_FILE;
        return kind == Slot.KIND_FILL || isRecord && Slot.codec(word) == Codec.FILL ? 1 : 0;
    }

    private static long hugePages(int kind, long word) {
        return kind == Slot.KIND_POOL && Slot.codec(word) == Codec.RAW ? 1 : 0;
    }

    private static long filePages(int kind) {
        return kind == Slot.KIND_FILE ? 1 : 0;
    }
}
