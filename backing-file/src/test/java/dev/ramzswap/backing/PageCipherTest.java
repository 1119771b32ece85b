package dev.ramzswap.backing;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ramzswap.Allocation;
import dev.ramzswap.linux.LibCrypto;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PageCipherTest {
    private static final int SEGMENT_BYTES = BackingFile.SEGMENT_BYTES;

    /** About the border of a JdkCipher's chunk, which is 4096 bytes, and of a block. */
    private static final List<Integer> LENGTHS = List.of(8, 16, 24, 4080, 4088, 4096, 4104, 8192, 8200);

    private final Arena arena = Arena.ofAuto();
    private final long seed = new Random().nextLong();
    private final Random random = new Random(seed);
    private final byte[] key = random(32);
    private final byte[] plain = random(SEGMENT_BYTES);

    enum Kind {
        JDK(JdkCipher::new),
        NATIVE(NativeCipher::new);

        private final Function<MemorySegment, PageCipher> maker;

        Kind(Function<MemorySegment, PageCipher> maker) {
            this.maker = maker;
        }

        PageCipher of(MemorySegment key) {
            assumeTrue(this == JDK || LibCrypto.isAvailable(), "no libcrypto");
            return maker.apply(key);
        }
    }

    /** What the others are compared with: the CTR-AES256 example of NIST SP 800-38A, F.5.5. */
    @Test
    void theJdksCounterModeIsThatOfTheStandard() {
        HexFormat hex = HexFormat.of();
        byte[] cipherText = ctr(
                hex.parseHex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"),
                hex.parseHex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"),
                hex.parseHex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                        + "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"));
        assertArrayEquals(
                hex.parseHex("601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
                        + "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6"),
                cipherText);
    }

    /** The AES-256 example of the GCM specification (test case 13): the block cipher of an all-zero counter. */
    @ParameterizedTest
    @EnumSource
    void keyStreamIsAesOfTheCounter(Kind kind) {
        byte[] expected = HexFormat.of().parseHex("dc95c078a2408989ad48a21492842087");
        assertArrayEquals(expected, Arrays.copyOf(stream(kind, 0, 0), 16));
    }

    @ParameterizedTest
    @EnumSource
    void anyPartOfASegmentIsThatPartOfTheJdksCounterMode(Kind kind) {
        try (PageCipher cipher = kind.of(memory(key))) {
            MemorySegment from = memory(plain);
            MemorySegment into = arena.allocate(SEGMENT_BYTES, 4096);
            for (int round = 0; round < 200; round++) {
                int segment = random.nextInt(Integer.MAX_VALUE);
                long generation = random.nextLong() >>> 8;
                int begin = round == 0 ? 0 : random.nextInt(SEGMENT_BYTES / 8) * 8;
                int length = round == 0 ? SEGMENT_BYTES : (random.nextInt((SEGMENT_BYTES - begin) / 8) + 1) * 8;
                into.fill((byte) 0);
                cipher.apply(segment, generation, begin, from, begin, into, begin, length);

                byte[] expected = new byte[SEGMENT_BYTES];
                byte[] whole = ctr(key, counter(generation, segment), plain);
                System.arraycopy(whole, begin, expected, begin, length);
                String what = "seed " + seed + " begin " + begin + " length " + length;
                assertArrayEquals(expected, into.toArray(JAVA_BYTE), what);

                cipher.apply(segment, generation, begin, into, begin, into, begin, length);
                byte[] back = into.asSlice(begin, length).toArray(JAVA_BYTE);
                assertArrayEquals(Arrays.copyOfRange(plain, begin, begin + length), back, what);
            }
        }
    }

    /** A daemon that has libcrypto takes over from one that has not, and the other way round. */
    @ParameterizedTest
    @EnumSource
    void whatOneHasEncryptedTheOtherDecrypts(Kind kind) {
        Kind other = kind == Kind.JDK ? Kind.NATIVE : Kind.JDK;
        try (PageCipher first = kind.of(memory(key));
                PageCipher second = other.of(memory(key))) {
            for (int begin : begins()) {
                for (int length : LENGTHS) {
                    roundTrip(first, second, begin, length);
                }
            }
            roundTrip(first, second, 0, SEGMENT_BYTES);
        }
    }

    /** Records lie at any multiple of 8 bytes on the device, and anywhere in memory. */
    private void roundTrip(PageCipher first, PageCipher second, int begin, int length) {
        int segment = random.nextInt(Integer.MAX_VALUE);
        long generation = random.nextLong() >>> 8;
        int at = length == SEGMENT_BYTES ? 0 : random.nextInt(64);
        MemorySegment from = memory(plain);
        MemorySegment into = arena.allocate(SEGMENT_BYTES);
        first.apply(segment, generation, begin, from, at, into, begin, length);
        second.apply(segment, generation, begin, into, begin, into, begin, length);
        assertArrayEquals(
                Arrays.copyOfRange(plain, at, at + length),
                into.asSlice(begin, length).toArray(JAVA_BYTE),
                "seed " + seed + " begin " + begin + " length " + length);
    }

    /** All that a block and a chunk can begin with, at both ends of a segment and in between. */
    private static List<Integer> begins() {
        List<Integer> begins = new ArrayList<>();
        for (int near : new int[] {0, 4096, SEGMENT_BYTES / 2, SEGMENT_BYTES - 8256}) {
            for (int begin = Math.max(0, near - 24); begin <= near + 24; begin += 8) {
                begins.add(begin);
            }
        }
        return begins;
    }

    @ParameterizedTest
    @EnumSource
    void everySegmentAndGenerationHasItsOwnKeyStream(Kind kind) {
        byte[] first = stream(kind, 1, 1);
        assertFalse(Arrays.equals(first, stream(kind, 2, 1)));
        assertFalse(Arrays.equals(first, stream(kind, 1, 2)));
        assertFalse(Arrays.equals(stream(kind, 2, 1), stream(kind, 1, 2)));
    }

    @ParameterizedTest
    @EnumSource
    void allocatesNothing(Kind kind) {
        MemorySegment record = memory(plain);
        try (PageCipher cipher = kind.of(memory(key))) {
            Allocation.assertNoneOnceWarm(1000, () -> {
                for (int i = 0; i < 1000; i++) {
                    cipher.apply(3, i, 2056, record, 8, record, 8, 1504);
                }
            });
        }
    }

    /** Memory that OpenSSL was given back must not be used again. */
    @Test
    void whatIsClosedIsNotUsed() {
        MemorySegment zeroes = arena.allocate(16);
        PageCipher cipher = Kind.NATIVE.of(memory(key));
        cipher.close();
        assertThrows(IllegalStateException.class, () -> cipher.apply(0, 0, 0, zeroes, 0, zeroes, 0, 16));
        assertThrows(IllegalStateException.class, cipher::close);
    }

    @Test
    void nothingBeyondTheMemoryIsTouched() {
        MemorySegment memory = arena.allocate(64);
        MemorySegment heap = MemorySegment.ofArray(new byte[64]);
        try (PageCipher cipher = Kind.NATIVE.of(memory(key))) {
            assertThrows(IndexOutOfBoundsException.class, () -> cipher.apply(0, 0, 0, memory, 8, memory, 0, 64));
            assertThrows(IndexOutOfBoundsException.class, () -> cipher.apply(0, 0, 0, memory, 0, memory, 8, 64));
            assertThrows(IllegalArgumentException.class, () -> cipher.apply(0, 0, 0, heap, 0, memory, 0, 64));
            assertThrows(IllegalArgumentException.class, () -> cipher.apply(0, 0, 0, memory, 0, heap, 0, 64));
        }
    }

    private byte[] stream(Kind kind, int segment, long generation) {
        MemorySegment zeroes = arena.allocate(64);
        try (PageCipher cipher = kind.of(arena.allocate(32))) {
            cipher.apply(segment, generation, 0, zeroes, 0, zeroes, 0, 64);
        }
        return zeroes.toArray(JAVA_BYTE);
    }

    private byte[] random(int bytes) {
        byte[] content = new byte[bytes];
        random.nextBytes(content);
        return content;
    }

    private MemorySegment memory(byte[] content) {
        return arena.allocate(content.length, 4096).copyFrom(MemorySegment.ofArray(content));
    }

    private static byte[] counter(long generation, int segment) {
        return ByteBuffer.allocate(16)
                .putLong(generation)
                .putInt(segment)
                .putInt(0)
                .array();
    }

    private static byte[] ctr(byte[] key, byte[] counter, byte[] plain) {
        try {
            Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding");
            cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(counter));
            return cipher.doFinal(plain);
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}
