package dev.ramzswap.backing;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

class PageCipherTest {
    private static final int SEGMENT_BYTES = BackingFile.SEGMENT_BYTES;

    /** The AES-256 example of the GCM specification (test case 13): the block cipher of an all-zero counter. */
    @Test
    void keyStreamIsAesOfTheCounter() {
        MemorySegment zeroes = MemorySegment.ofArray(new byte[16]);
        new PageCipher(MemorySegment.ofArray(new byte[32])).apply(0, 0, 0, zeroes, 0, zeroes, 0, 16);
        assertArrayEquals(HexFormat.of().parseHex("dc95c078a2408989ad48a21492842087"), zeroes.toArray(JAVA_BYTE));
    }

    @Test
    void anyPartOfASegmentIsThatPartOfTheJdksCounterMode() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        byte[] key = new byte[32];
        byte[] plain = new byte[SEGMENT_BYTES];
        random.nextBytes(key);
        random.nextBytes(plain);
        PageCipher cipher = new PageCipher(MemorySegment.ofArray(key));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = arena.allocate(SEGMENT_BYTES, 4096).copyFrom(MemorySegment.ofArray(plain));
            MemorySegment into = arena.allocate(SEGMENT_BYTES, 4096);
            for (int round = 0; round < 200; round++) {
                int segment = random.nextInt(Integer.MAX_VALUE);
                long generation = random.nextLong() >>> 8;
                int begin = round == 0 ? 0 : random.nextInt(SEGMENT_BYTES / 8) * 8;
                int length = round == 0 ? SEGMENT_BYTES : (random.nextInt((SEGMENT_BYTES - begin) / 8) + 1) * 8;
                into.fill((byte) 0);
                cipher.apply(segment, generation, begin, from, begin, into, begin, length);

                byte[] expected = new byte[SEGMENT_BYTES];
                byte[] whole = ctr(key, generation, segment, plain);
                System.arraycopy(whole, begin, expected, begin, length);
                String what = "seed " + seed + " begin " + begin + " length " + length;
                assertArrayEquals(expected, into.toArray(JAVA_BYTE), what);

                cipher.apply(segment, generation, begin, into, begin, into, begin, length);
                byte[] back = into.asSlice(begin, length).toArray(JAVA_BYTE);
                assertArrayEquals(Arrays.copyOfRange(plain, begin, begin + length), back, what);
            }
        }
    }

    @Test
    void everySegmentAndGenerationHasItsOwnKeyStream() {
        byte[] first = stream(1, 1);
        assertFalse(Arrays.equals(first, stream(2, 1)));
        assertFalse(Arrays.equals(first, stream(1, 2)));
        assertFalse(Arrays.equals(stream(2, 1), stream(1, 2)));
    }

    private static byte[] stream(int segment, long generation) {
        MemorySegment zeroes = MemorySegment.ofArray(new byte[64]);
        new PageCipher(MemorySegment.ofArray(new byte[32])).apply(segment, generation, 0, zeroes, 0, zeroes, 0, 64);
        return zeroes.toArray(JAVA_BYTE);
    }

    private static byte[] ctr(byte[] key, long generation, int segment, byte[] plain) {
        byte[] counter = ByteBuffer.allocate(16)
                .putLong(generation)
                .putInt(segment)
                .putInt(0)
                .array();
        try {
            Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding");
            cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(counter));
            return cipher.doFinal(plain);
        } catch (java.security.GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}
