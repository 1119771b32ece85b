package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The CTR-AES256 example of NIST SP 800-38A, F.5.5. */
class LibCryptoTest {
    private static final String PLAIN = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
            + "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
    private static final String ENCRYPTED = "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
            + "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6";
    private static final int BYTES = 64;

    private final Arena arena = Arena.ofAuto();
    private final MemorySegment key = memory("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
    private final MemorySegment counter = memory("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
    private final MemorySegment done = arena.allocate(JAVA_INT);

    @BeforeEach
    void needsTheLibrary() {
        assumeTrue(LibCrypto.isAvailable(), "no libcrypto");
    }

    @Test
    void saysWhatItIs() {
        assertTrue(LibCrypto.version().startsWith("OpenSSL "), LibCrypto.version());
    }

    @Test
    void encryptsAsTheStandardSays() {
        MemorySegment into = arena.allocate(BYTES);
        long context = LibCrypto.newContext(key);
        LibCrypto.begin(context, counter);
        LibCrypto.update(context, memory(PLAIN), 0, into, 0, BYTES, done);
        LibCrypto.free(context);
        assertArrayEquals(bytes(ENCRYPTED), into.toArray(JAVA_BYTE));
        assertEquals(BYTES, done.get(JAVA_INT, 0));
    }

    @Test
    void goesOnWhereItEndedAndBeginsAnewWithTheSameKey() {
        MemorySegment memory = memory(PLAIN);
        long context = LibCrypto.newContext(key);
        key.fill((byte) 0);
        for (String expected : new String[] {ENCRYPTED, PLAIN}) {
            LibCrypto.begin(context, counter);
            int at = 0;
            for (int length : new int[] {5, 11, 8, 25, 15}) {
                LibCrypto.update(context, memory, at, memory, at, length, done);
                at += length;
            }
            assertEquals(BYTES, at);
            assertArrayEquals(bytes(expected), memory.toArray(JAVA_BYTE));
        }
        LibCrypto.free(context);
    }

    private MemorySegment memory(String hex) {
        return arena.allocate(hex.length() / 2).copyFrom(MemorySegment.ofArray(bytes(hex)));
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }
}
