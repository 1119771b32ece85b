package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.ramzswap.linux.MappedFile;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * One {@link Slot} word per slot, in one flat array in a mapped file: the only truth of the store.
 *
 * <p>A page of the array that no word was ever published to is known to have only holes, and is not touched at all, not
 * even to read it: a read of a memory file's hole makes a page of memory. So a device costs memory only where it is
 * used, unless all of it is populated. Thread-safe.
 */
class SlotMap implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(SlotMap.class.getName());

    private static final VarHandle WORD = JAVA_LONG.varHandle();
    private static final int PAGE_BYTES = PageSet.PAGE_BYTES;
    private static final int SLOTS_PER_PAGE = PAGE_BYTES / Long.BYTES;

    private final MappedFile file;
    private final MemorySegment words;
    private final long slots;
    private final Counters counters;
    private final Arena arena = Arena.ofShared();

    /** Pages that have memory. */
    private final PageSet resident;

    /** Those of them that a word was published to. */
    private final PageSet used;

    private final MemorySegment holes = arena.allocate(PAGE_BYTES);

    SlotMap(MappedFile file, long slots, Counters counters) {
        this.file = file;
        this.words = file.memory();
        this.slots = slots;
        this.counters = counters;
        this.resident = new PageSet(words.byteSize(), arena);
        this.used = new PageSet(words.byteSize(), arena);
    }

    /** Size of the mapped file, in bytes. */
    static long bytes(long slots) {
        return Math.ceilDiv(slots * Long.BYTES, PAGE_BYTES) * PAGE_BYTES;
    }

    long slots() {
        return slots;
    }

    long get(long slot) {
        return used.contains(slot << 3) ? (long) WORD.getVolatile(words, slot << 3) : Slot.HOLE;
    }

    /** Like {@link #get}, of a number that may be none of a slot: {@link Slot#HOLE} then. */
    long find(long slot) {
        return slot >= 0 && slot < slots ? get(slot) : Slot.HOLE;
    }

    /** Publishes a word and returns the one that it replaces, whose copy is now the caller's to free. */
    long exchange(long slot, long word) {
        addUsed(slot << 3);
        return (long) WORD.getAndSet(words, slot << 3, word);
    }

    boolean compareAndSet(long slot, long expected, long word) {
        addUsed(slot << 3);
        return WORD.compareAndSet(words, slot << 3, expected, word);
    }

    /**
     * The first slot from {@code slot} on that may have been stored, or the number of slots: pages of the map that were
     * never used are passed over.
     */
    long nextUsed(long slot) {
        return next(used, slot);
    }

    private long next(PageSet pages, long slot) {
        return Math.min(pages.next(slot << 3) >>> 3, slots);
    }

    /**
     * Like {@link #nextUsed}, at a takeover, of what earlier daemons have stored: pages that have memory, and more than
     * holes, are used from now on. Others are passed over, each at one look: where all of the map was populated, most
     * are such ones. Looks as far as {@code end}; if it finds none, the result is not below that.
     *
     * @param slot the first one of a page, or the one behind a result
     */
    long nextRecovered(long slot, long end) {
        long next = next(resident, slot);
        while (next < end && (next << 3) % PAGE_BYTES == 0 && isPageOfHoles(next << 3)) {
            next = next(resident, next + SLOTS_PER_PAGE);
        }
        if (next < end) {
            used.add(next << 3);
        }
        return next;
    }

    private boolean isPageOfHoles(long offset) {
        return MemorySegment.mismatch(words, offset, offset + PAGE_BYTES, holes, 0, PAGE_BYTES) < 0;
    }

    /**
     * Counts, at a takeover, the memory that earlier daemons have taken: pages of the file that exist. Where the file
     * system does not tell holes (ramfs), that is all of them.
     */
    void recoverResident() throws IOException {
        long end = words.byteSize();
        for (long at = file.nextData(0); at < end; at = file.nextData(at)) {
            long hole = file.nextHole(at);
            for (; at < hole; at += PAGE_BYTES) {
                addResident(at);
            }
        }
    }

    /** Takes memory for the whole map. */
    void populate() throws IOException {
        file.populate(0, words.byteSize());
        for (long at = 0; at < words.byteSize(); at += PAGE_BYTES) {
            addResident(at);
        }
    }

    /**
     * Takes memory for the page of the map that holds this slot, before a word is published there.
     *
     * @return false if there is none
     */
    boolean makeResident(long slot) {
        long at = slot << 3;
        if (resident.contains(at)) {
            return true;
        }
        try {
            file.populate(at & -PAGE_BYTES, PAGE_BYTES);
            addResident(at);
            return true;
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "no memory for the slot map", e);
            return false;
        }
    }

    /** Before a word is there: who does not find the page used does not look. */
    private void addUsed(long offset) {
        if (used.add(offset)) {
            addResident(offset);
        }
    }

    private void addResident(long offset) {
        if (resident.add(offset)) {
            counters.addMemory(PAGE_BYTES);
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
