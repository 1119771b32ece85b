package dev.ramzswap.backing;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A keyed checksum of 32 bits: that who can write to the backing file cannot change a record unnoticed.
 *
 * <p>For a record of n bytes, which are the 32-bit words m1, m2 .. with zeroes behind, and secret 64-bit words k0, k1
 * .. it is the upper half of
 *
 * <pre>
 *   k0 + k1 n + (k2 + m1) (k3 + m2) + (k4 + m3) (k5 + m4) + ..        modulo 2^64
 * </pre>
 *
 * That is MULTILINEAR-HM of Lemire and Kaser, "Strongly universal string hashing is fast" (The Computer Journal, 2014):
 * over all keys, the tags of any two different records are two independent numbers. (The difference of the two sums has
 * the factor of a word that differs, or n, times a k that is in no other product, in which at most 31 low bits can be
 * zeroes for ever; they are not in the tag.)
 *
 * <p>The tag lies in the encrypted segment, thus under a piece of key stream that is used once: a Wegman-Carter code.
 * Nobody learns anything of the k, and a changed record has the right tag once in 2^32 times, whatever the change is;
 * one of an older content of the segment, which another piece of key stream deciphers, too. Where the backing file is
 * not encrypted, the tag lies open, and is a checksum against accidents and no more.
 *
 * <p>Polynomials modulo 2^61 - 1 need but one word of key and take 12 times as long: the C1 compiler has no instruction
 * for the upper half of a product, and each step waits for the last. The words are copied before they are added up,
 * since C1 checks each single access to a memory segment. Not thread-safe.
 */
public final class RecordTag {
    /** No segment's: its numbers are not negative, and its generations have 56 bits. */
    private static final int KEYS_SEGMENT = -1;

    private static final long KEYS_GENERATION = -1;
    private static final long LOW_HALF = 0xffff_ffffL;

    private final long[] keys;
    private final long[] words;
    private final MemorySegment wordMemory;

    /**
     * @param key the backing file's
     * @param maxBytes of a record, at most {@value BackingFile#MAX_RECORD_BYTES}
     */
    public RecordTag(MemorySegment key, int maxBytes) {
        this(keys(key, 2 + 2 * words(maxBytes)));
    }

    private RecordTag(long[] keys) {
        this.keys = keys;
        this.words = new long[keys.length / 2 - 1];
        this.wordMemory = MemorySegment.ofArray(words);
    }

    /** One for another thread, which makes the same tags. */
    public RecordTag another() {
        return new RecordTag(keys);
    }

    /** @param length at least 1 */
    public int tag(MemorySegment memory, long offset, int length) {
        int count = words(length);
        words[count - 1] = 0;
        MemorySegment.copy(memory, offset, wordMemory, 0, length);
        return sum(keys, words, length, count);
    }

    private static int sum(long[] keys, long[] words, int length, int count) {
        long sum = keys[0] + keys[1] * length;
        for (int i = 0, k = 2; i < count; i++, k += 2) {
            long word = words[i];
            sum += (keys[k] + (word & LOW_HALF)) * (keys[k + 1] + (word >>> Integer.SIZE));
        }
        return (int) (sum >>> Integer.SIZE);
    }

    private static int words(int bytes) {
        return Math.ceilDiv(bytes, Long.BYTES);
    }

    /** The key stream of a segment that there is not. */
    private static long[] keys(MemorySegment key, int count) {
        try (Arena arena = Arena.ofConfined();
                PageCipher cipher = Ciphers.of(key)) {
            MemorySegment stream = arena.allocate(JAVA_LONG, count);
            int bytes = (int) stream.byteSize();
            cipher.apply(KEYS_SEGMENT, KEYS_GENERATION, 0, stream, 0, stream, 0, bytes);
            long[] keys = stream.toArray(JAVA_LONG);
            stream.fill((byte) 0);
            return keys;
        }
    }
}
