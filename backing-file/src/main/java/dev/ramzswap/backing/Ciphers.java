package dev.ramzswap.backing;

import dev.ramzswap.linux.LibCrypto;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;

/** Chooses the {@link PageCipher}, once for the process: OpenSSL's, or the JDK's where there is no OpenSSL. */
final class Ciphers {
    private static final System.Logger LOG = System.getLogger(Ciphers.class.getName());

    private static final boolean IS_NATIVE = isNative();

    private Ciphers() {}

    /** @param key 32 bytes */
    static PageCipher of(MemorySegment key) {
        return IS_NATIVE ? new NativeCipher(key) : new JdkCipher(key);
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
