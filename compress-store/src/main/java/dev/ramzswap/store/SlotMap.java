package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.ramzswap.linux.MappedFile;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * One {@link Slot} word per slot, in one flat array in a mapped file: the only truth of the store.
 *
 * <p>A page of the array that no word was ever published to is not touched at all, not even to read it (a read of a
 * memory file's hole makes a page of memory): so a device costs memory only where it is used. Thread-safe.
 */
final class SlotMap {
    private static final System.Logger LOG = System.getLogger(SlotMap.class.getName());

    private static final VarHandle WORD = JAVA_LONG.varHandle();
    private static final VarHandle TOUCHED = java.lang.invoke.MethodHandles.arrayElementVarHandle(byte[].class);
    private static final int PAGE_SHIFT = 12;
    private static final int PAGE_BYTES = 1 << PAGE_SHIFT;
    private static final int SLOTS_PER_PAGE_SHIFT = 9;

    private final MappedFile file;
    private final MemorySegment words;
    private final long slots;
    private final byte[] touched;
    private final Counters counters;

    SlotMap(MappedFile file, long slots, Counters counters) {
        this.file = file;
        this.words = file.memory();
        this.slots = slots;
        this.touched = new byte[Math.toIntExact((slots >>> SLOTS_PER_PAGE_SHIFT) + 1)];
        this.counters = counters;
    }

    /** Size of the mapped file, in bytes. */
    static long bytes(long slots) {
        return Math.ceilDiv(slots * Long.BYTES, PAGE_BYTES) * PAGE_BYTES;
    }

    long get(long slot) {
        return isTouched(slot) ? (long) WORD.getVolatile(words, slot << 3) : Slot.HOLE;
    }

    /** Publishes a word and returns the one that it replaces, whose copy is now the caller's to free. */
    long exchange(long slot, long word) {
        touch(slot);
        return (long) WORD.getAndSet(words, slot << 3, word);
    }

    boolean compareAndSet(long slot, long expected, long word) {
        touch(slot);
        return WORD.compareAndSet(words, slot << 3, expected, word);
    }

    /** Reads a word that an earlier daemon published, without its pin: nobody is left to end that. */
    long recover(long slot) {
        long word = (long) WORD.getVolatile(words, slot << 3);
        if (word != Slot.HOLE) {
            touch(slot);
        }
        if (Slot.isPinned(word)) {
            word &= ~Slot.PINNED;
            WORD.setVolatile(words, slot << 3, word);
        }
        return word;
    }

    /** Whether any slot of the page of the map that holds this slot was ever stored. */
    boolean isTouched(long slot) {
        return (byte) TOUCHED.getOpaque(touched, (int) (slot >>> SLOTS_PER_PAGE_SHIFT)) != 0;
    }

    /** The first slot after {@code slot} that lies in another page of the map. */
    static long nextPage(long slot) {
        return ((slot >>> SLOTS_PER_PAGE_SHIFT) + 1) << SLOTS_PER_PAGE_SHIFT;
    }

    /** Takes memory for the whole map. */
    void populate() throws IOException {
        file.populate(0, words.byteSize());
        for (long slot = 0; slot < slots; slot = nextPage(slot)) {
            touch(slot);
        }
    }

    /**
     * Takes memory for the page of the map that holds this slot, before a word is published there.
     *
     * @return false if there is none
     */
    boolean makeResident(long slot) {
        if (isTouched(slot)) {
            return true;
        }
        try {
            file.populate(slot >>> SLOTS_PER_PAGE_SHIFT << PAGE_SHIFT, PAGE_BYTES);
            touch(slot);
            return true;
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "no memory for the slot map", e);
            return false;
        }
    }

    private void touch(long slot) {
        int page = (int) (slot >>> SLOTS_PER_PAGE_SHIFT);
        if ((byte) TOUCHED.getOpaque(touched, page) == 0 && TOUCHED.compareAndSet(touched, page, (byte) 0, (byte) 1)) {
            counters.addMemory(PAGE_BYTES);
        }
    }
}
