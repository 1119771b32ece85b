package dev.ramzswap.frees;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.ramzswap.linux.Bpf;
import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.security.SecureRandom;

/**
 * Memory that the kernel's side ({@link FreePrograms}) and the daemon share: a bit for each slot of a swap area, which
 * the one sets and the other clears, and words before them:
 *
 * <pre>
 *   0   which area, {@link #area}; 0 for none, from its swapoff on
 *   1   a random number, which tells these bits from all others
 *   2   how many slots the area has
 *   3   how often somebody entered swapoff(2)
 * </pre>
 *
 * Thread-safe, except for {@link #close}: nothing may use the bits then.
 */
public final class FreedBits implements AutoCloseable {
    static final int HEAD_WORDS = 8;
    static final int AREA = 0;
    static final int SWAPOFFS = 3;

    private static final int NAME = 1;
    private static final int SLOTS = 2;
    private static final int MOST_TYPES = 32;
    private static final VarHandle WORD = JAVA_LONG.varHandle();

    private final NativeFile array;
    private final Arena arena;
    private final MemorySegment words;

    private FreedBits(NativeFile array, Arena arena, MemorySegment words) {
        this.array = array;
        this.arena = arena;
        this.words = words;
    }

    /** All 0, of no area. */
    static FreedBits make(long slots) throws IOException {
        FreedBits bits = map(Bpf.array(words(slots)), slots);
        bits.words.setAtIndex(JAVA_LONG, NAME, new SecureRandom().nextLong() | 1);
        bits.words.setAtIndex(JAVA_LONG, SLOTS, slots);
        return bits;
    }

    /**
     * Those that lie at a path.
     *
     * @throws IOException also if they are of a device of another size
     */
    public static FreedBits pinned(Path path, long slots) throws IOException {
        FreedBits bits = map(Bpf.pinned(path), slots);
        if (bits.word(SLOTS) != slots) {
            bits.close();
            throw new IOException(path + " is of a device of another size");
        }
        return bits;
    }

    /** Whether those that lie at a path are of an area, whatever its size. */
    static boolean isWatching(Path path) throws IOException {
        try (FreedBits head = map(Bpf.pinned(path), 0)) {
            return head.isWatching();
        }
    }

    /** Those that lie at a path are of no area from now on. */
    static void unwatch(Path path) throws IOException {
        try (FreedBits head = map(Bpf.pinned(path), 0)) {
            WORD.setVolatile(head.words, (long) AREA * Long.BYTES, 0L);
        }
    }

    private static FreedBits map(NativeFile array, long slots) throws IOException {
        Arena arena = Arena.ofShared();
        try {
            return new FreedBits(array, arena, array.map((long) words(slots) * Long.BYTES, arena));
        } catch (ErrnoException e) {
            arena.close();
            array.close();
            throw e;
        }
    }

    private static int words(long slots) {
        return Math.toIntExact(HEAD_WORDS + Math.ceilDiv(slots, (long) Long.SIZE));
    }

    /** The words of slots, the first bit of which is that of slot 0. */
    public MemorySegment bits() {
        return words.asSlice((long) HEAD_WORDS * Long.BYTES);
    }

    /** See {@code FreedWatch.begin}. */
    public long name() {
        return word(NAME);
    }

    NativeFile array() {
        return array;
    }

    /** From now on it is the slots of this swap area whose bits are set. */
    void watch(int type) {
        WORD.setVolatile(words, (long) AREA * Long.BYTES, area(type));
    }

    /** Whether there is one: it ends with a swapoff. */
    public boolean isWatching() {
        return word(AREA) != 0;
    }

    /** How often somebody entered swapoff(2) since the bits were made. */
    long swapoffs() {
        return word(SWAPOFFS);
    }

    /** What a swap area's number is told from none by. */
    static long area(int type) {
        if (type < 0 || type >= MOST_TYPES) {
            throw new IllegalArgumentException("swap area " + type);
        }
        return type + 1L;
    }

    boolean isFreed(long slot) {
        return (word(HEAD_WORDS + slot / Long.SIZE) & 1L << slot) != 0;
    }

    private long word(long index) {
        return (long) WORD.getVolatile(words, index * Long.BYTES);
    }

    @Override
    public void close() throws IOException {
        try (array) {
            arena.close();
        }
    }
}
