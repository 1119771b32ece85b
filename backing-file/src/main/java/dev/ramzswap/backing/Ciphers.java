package dev.ramzswap.backing;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.ramzswap.linux.LibCrypto;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.security.SecureRandom;

/** Chooses the {@link PageCipher}, once for the process: OpenSSL's, or the JDK's where there is no OpenSSL. */
final class Ciphers {
    private static final System.Logger LOG = System.getLogger(Ciphers.class.getName());

    /** Initialized by the first cipher: who encrypts nothing loads no OpenSSL. */
    private static final class Native {
        static final boolean IS_USED = isNative();
    }

    private Ciphers() {}

    /** @param key 32 bytes */
    static PageCipher of(MemorySegment key) {
        return Native.IS_USED ? new NativeCipher(key) : new JdkCipher(key);
    }

    /**
     * Fills all of {@code key} with random bytes that nobody can guess; the last word, which says that all are there,
     * last.
     */
    static void makeKey(MemorySegment key) {
        SecureRandom random = new SecureRandom();
        long last = key.byteSize() - Long.BYTES;
        key.set(JAVA_LONG_UNALIGNED, last, 0);
        for (long at = 0; at <= last; at += Long.BYTES) {
            VarHandle.releaseFence();
            key.set(JAVA_LONG_UNALIGNED, at, random.nextLong());
        }
    }

    /** Whether it was made, and in whole. */
    static boolean isKey(MemorySegment key) {
        return key.get(JAVA_LONG_UNALIGNED, key.byteSize() - Long.BYTES) != 0;
    }

    private static boolean isNative() {
        if (LibCrypto.isAvailable()) {
            LOG.log(Level.INFO, "backing files are encrypted by " + LibCrypto.version());
            return true;
        }
        LOG.log(
                Level.WARNING,
                "backing files are encrypted by Java, slowly: libcrypto.so.3 of OpenSSL 3 is missing, or cannot be used");
        return false;
    }
}
