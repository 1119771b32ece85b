package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.ramzswap.linux.MappedFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The memory of the {@link RegionTable}: an entry of 16 bytes for each region that was ever used.
 *
 * <pre>
 *   0  4  bytes of its live records
 *   4  4  state in 3 bits; bit 3: suspect; bit 4: being counted; above: how many of its holes are listed
 *   8  4  next region in the same ring
 *  12  4  previous region in the same ring
 * </pre>
 *
 * It is sparse, since the pool's file is made for the worst case: entries that were never used are zeroes that nobody
 * reads. Guarded by the pool's lock, but for {@link #adopt}.
 */
final class RegionEntries implements AutoCloseable {
    private static final int ENTRY_SHIFT = 4;
    private static final int STATE_OFFSET = 4;
    private static final int NEXT_OFFSET = 8;
    private static final int PREVIOUS_OFFSET = 12;
    private static final int STATE_MASK = 7;
    private static final int SUSPECT = 8;
    private static final int COUNTED = 16;
    private static final int LISTED_UNIT = 32;

    private static final VarHandle LIVE = JAVA_INT.varHandle();

    private final MappedFile file;
    private final MemorySegment entries;
    private final Arena arena = Arena.ofShared();
    private final Counters counters;

    /** All others are zeroes, and known to be without a look: a read of a memory file's hole makes a page of memory. */
    private final PageSet touched;

    private final int[] first;

    RegionEntries(int regions, int rings, Counters counters) throws IOException {
        this.file = MappedFile.inMemory("ramzswap-regions", bytes(regions));
        this.entries = file.memory();
        this.counters = counters;
        this.touched = new PageSet(entries.byteSize(), arena);
        this.first = new int[rings];
        Arrays.fill(first, Region.NONE);
    }

    /** Bytes of the entries of so many regions. */
    static long bytes(long regions) {
        return Math.ceilDiv(regions << ENTRY_SHIFT, PageSet.PAGE_BYTES) * PageSet.PAGE_BYTES;
    }

    /** Takes memory for all of them. */
    void populate() throws IOException {
        file.populate(0, entries.byteSize());
        for (long at = 0; at < entries.byteSize(); at += PageSet.PAGE_BYTES) {
            touchPage(at);
        }
    }

    /** An entry is used for the first time. */
    void touch(int region) {
        touchPage(entry(region));
    }

    private void touchPage(long offset) {
        if (touched.add(offset)) {
            counters.addMemory(PageSet.PAGE_BYTES);
        }
    }

    /** The first region from {@code region} on whose entry may have been used, or a larger number than any. */
    int nextTouched(int region) {
        return (int) Math.min(touched.next(entry(region)) >>> ENTRY_SHIFT, Integer.MAX_VALUE);
    }

    int live(int region) {
        return entries.get(JAVA_INT, entry(region));
    }

    void setLive(int region, int bytes) {
        entries.set(JAVA_INT, entry(region), bytes);
    }

    /** Counts a live record before anything else is done. Safe from several threads, without the lock. */
    void adopt(int region, int bytes) {
        touch(region);
        int unused = (int) LIVE.getAndAdd(entries, entry(region), bytes);
    }

    int state(int region) {
        return word(region) & STATE_MASK;
    }

    /** Ends {@link #isCounted}. */
    void setState(int region, int state) {
        setWord(region, word(region) & ~(STATE_MASK | COUNTED) | state);
    }

    boolean isCounted(int region) {
        return (word(region) & COUNTED) != 0;
    }

    void setCounted(int region, boolean isCounted) {
        setWord(region, isCounted ? word(region) | COUNTED : word(region) & ~COUNTED);
    }

    boolean isSuspect(int region) {
        return (word(region) & SUSPECT) != 0;
    }

    void setSuspect(int region, boolean isSuspect) {
        setWord(region, isSuspect ? word(region) | SUSPECT : word(region) & ~SUSPECT);
    }

    int listed(int region) {
        return word(region) / LISTED_UNIT;
    }

    void addListed(int region, int holes) {
        setWord(region, word(region) + holes * LISTED_UNIT);
    }

    // Rings

    /** The first region of a ring, or {@link Region#NONE}. */
    int first(int ring) {
        return first[ring];
    }

    /** Makes the first region of a ring the last one. */
    void rotate(int ring) {
        first[ring] = next(first[ring]);
    }

    /** Puts a region last into a ring. */
    void link(int region, int ring) {
        int head = first[ring];
        if (head == Region.NONE) {
            first[ring] = region;
            chain(region, region);
        } else {
            chain(previous(head), region);
            chain(region, head);
        }
    }

    void unlink(int region, int ring) {
        int next = next(region);
        chain(previous(region), next);
        if (first[ring] == region) {
            first[ring] = next == region ? Region.NONE : next;
        }
    }

    private int next(int region) {
        return entries.get(JAVA_INT, entry(region) + NEXT_OFFSET);
    }

    private int previous(int region) {
        return entries.get(JAVA_INT, entry(region) + PREVIOUS_OFFSET);
    }

    private void chain(int region, int next) {
        entries.set(JAVA_INT, entry(region) + NEXT_OFFSET, next);
        entries.set(JAVA_INT, entry(next) + PREVIOUS_OFFSET, region);
    }

    private int word(int region) {
        return entries.get(JAVA_INT, entry(region) + STATE_OFFSET);
    }

    private void setWord(int region, int word) {
        entries.set(JAVA_INT, entry(region) + STATE_OFFSET, word);
    }

    private static long entry(int region) {
        return (long) region << ENTRY_SHIFT;
    }

    @Override
    public void close() throws IOException {
        arena.close();
        file.close();
    }
}
