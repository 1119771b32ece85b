package dev.ramzswap.store;

import dev.ramzswap.linux.MappedFile;

/** A slot is looked at for the last of so many times, and then somebody does something. */
final class WatchedMap extends SlotMap {
    private int slot;
    private int looks;
    private Runnable then;

    WatchedMap(MappedFile file, long slots, Counters counters) {
        super(file, slots, counters);
    }

    void watch(int slot, int looks, Runnable then) {
        this.slot = slot;
        this.looks = looks;
        this.then = then;
    }

    @Override
    long get(long slot) {
        long word = super.get(slot);
        if (slot == this.slot && looks > 0 && --looks == 0) {
            then.run();
        }
        return word;
    }
}
