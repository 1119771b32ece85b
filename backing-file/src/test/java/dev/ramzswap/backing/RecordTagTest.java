package dev.ramzswap.backing;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.Allocation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RecordTagTest {
    private static final int MAX_BYTES = 4108;
    private static final BigInteger WORD = BigInteger.ONE.shiftLeft(64);

    private final Arena arena = Arena.ofAuto();
    private final long seed = new Random().nextLong();
    private final Random random = new Random(seed);
    private final MemorySegment key = random(BackingFile.KEY_BYTES);
    private final RecordTag tag = new RecordTag(key, MAX_BYTES);

    @Test
    void isTheSumOfItsDefinition() {
        MemorySegment memory = random(MAX_BYTES + 8);
        for (int length = 1; length <= 100; length++) {
            assertSum(memory, length % 8, length);
        }
        for (int length = MAX_BYTES - 10; length <= MAX_BYTES; length++) {
            assertSum(memory, length % 8, length);
        }
    }

    /** Where sums carry and products overflow. */
    @Test
    void isTheSumOfItsDefinitionForAllOnesToo() {
        MemorySegment memory = arena.allocate(MAX_BYTES).fill((byte) -1);
        assertSum(memory, 0, MAX_BYTES);
        assertSum(memory, 0, 7);
    }

    @Test
    void anyBitOfAnyByteCounts() {
        for (int length : new int[] {1, 7, 8, 9, 1501, MAX_BYTES}) {
            MemorySegment memory = random(length);
            int before = tag.tag(memory, 0, length);
            for (int bit = 0; bit < length * 8; bit++) {
                flip(memory, bit);
                assertNotEquals(
                        before, tag.tag(memory, 0, length), "seed " + seed + " length " + length + " bit " + bit);
                flip(memory, bit);
            }
            assertEquals(before, tag.tag(memory, 0, length));
        }
    }

    @Test
    void zeroesBehindAreNotTheSameRecord() {
        MemorySegment zeroes = arena.allocate(64);
        for (int length = 1; length < 64; length++) {
            assertNotEquals(tag.tag(zeroes, 0, length), tag.tag(zeroes, 0, length + 1), "seed " + seed);
        }
    }

    @Test
    void whatLiesBesideDoesNotCount() {
        MemorySegment memory = random(100);
        int before = tag.tag(memory, 10, 77);
        memory.set(JAVA_BYTE, 9, (byte) ~memory.get(JAVA_BYTE, 9));
        memory.set(JAVA_BYTE, 87, (byte) ~memory.get(JAVA_BYTE, 87));
        // Longer words are left in the scratch memory.
        tag.tag(random(MAX_BYTES), 0, MAX_BYTES);
        assertEquals(before, tag.tag(memory, 10, 77));
    }

    @Test
    void anyBitOfTheKeyCounts() {
        MemorySegment memory = random(1500);
        int before = tag.tag(memory, 0, 1500);
        for (int bit = 0; bit < BackingFile.KEY_BYTES * 8; bit++) {
            flip(key, bit);
            assertNotEquals(before, new RecordTag(key, MAX_BYTES).tag(memory, 0, 1500), "seed " + seed + " bit " + bit);
            flip(key, bit);
        }
    }

    @Test
    void anotherMakesTheSameTags() {
        MemorySegment memory = random(1500);
        assertEquals(tag.tag(memory, 0, 1500), tag.another().tag(memory, 0, 1500));
        assertEquals(tag.tag(memory, 0, 1500), new RecordTag(key, 1500).tag(memory, 0, 1500));
    }

    /** Over random keys, a tag moves by any difference equally often: the low bits, which products fill badly, too. */
    @Test
    void aChangeMovesTheTagAtRandom() {
        MemorySegment record = arena.allocate(16);
        int rounds = 4000;
        int[] ones = new int[Integer.SIZE];
        for (int round = 0; round < rounds; round++) {
            RecordTag any = new RecordTag(random(BackingFile.KEY_BYTES), 16);
            int before = any.tag(record, 0, 16);
            // The change that leaves the most low bits of the sum alone.
            flip(record, 31);
            int moved = before ^ any.tag(record, 0, 16);
            flip(record, 31);
            for (int bit = 0; bit < Integer.SIZE; bit++) {
                ones[bit] += moved >>> bit & 1;
            }
        }
        for (int bit = 0; bit < Integer.SIZE; bit++) {
            // Six standard deviations.
            assertTrue(Math.abs(ones[bit] - rounds / 2) < 190, "seed " + seed + " bit " + bit + ": " + ones[bit]);
        }
    }

    @Test
    void aRecordThatIsTooLongIsRefused() {
        MemorySegment memory = arena.allocate(8192);
        assertThrows(IndexOutOfBoundsException.class, () -> tag.tag(memory, 0, MAX_BYTES + 8));
        assertThrows(IndexOutOfBoundsException.class, () -> tag.tag(memory, 8192 - 7, 8));
    }

    @Test
    void allocatesNothing() {
        MemorySegment memory = random(1500);
        Allocation.assertNoneOnceWarm(10_000, () -> {
            for (int i = 0; i < 10_000; i++) {
                tag.tag(memory, i & 7, 1490);
            }
        });
    }

    private void assertSum(MemorySegment memory, int offset, int length) {
        assertEquals(
                expected(memory, offset, length),
                tag.tag(memory, offset, length),
                "seed " + seed + " offset " + offset + " length " + length);
    }

    private int expected(MemorySegment memory, int offset, int length) {
        MemorySegment padded = arena.allocate(Math.ceilDiv(length, 8) * 8L);
        MemorySegment.copy(memory, offset, padded, 0, length);
        MemorySegment stream = arena.allocate(padded.byteSize() * 2 + 16);
        try (PageCipher cipher = new JdkCipher(key)) {
            cipher.apply(-1, -1, 0, stream, 0, stream, 0, (int) stream.byteSize());
        }
        BigInteger sum = key(stream, 0).add(key(stream, 1).multiply(BigInteger.valueOf(length)));
        for (int i = 0; i < padded.byteSize() / 8; i++) {
            long word = padded.get(JAVA_LONG_UNALIGNED, i * 8L);
            BigInteger low = key(stream, 2 + 2 * i).add(BigInteger.valueOf(word & 0xffff_ffffL));
            BigInteger high = key(stream, 3 + 2 * i).add(BigInteger.valueOf(word >>> 32));
            sum = sum.add(low.multiply(high));
        }
        return sum.mod(WORD).shiftRight(32).intValue();
    }

    private static BigInteger key(MemorySegment stream, int index) {
        return new BigInteger(Long.toUnsignedString(stream.get(JAVA_LONG_UNALIGNED, index * 8L)));
    }

    private static void flip(MemorySegment memory, int bit) {
        long at = bit / 8;
        memory.set(JAVA_BYTE, at, (byte) (memory.get(JAVA_BYTE, at) ^ 1 << bit % 8));
    }

    private MemorySegment random(int bytes) {
        byte[] content = new byte[bytes];
        random.nextBytes(content);
        return arena.allocate(bytes, 8).copyFrom(MemorySegment.ofArray(content));
    }
}
