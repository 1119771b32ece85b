package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * AES-256 in counter mode by OpenSSL's libcrypto, where the machine has it: the daemon's JVM has no compiler that knows
 * the processor's AES instructions. Loaded when this class is first used; all else may be called only if that worked
 * ({@link #isAvailable}).
 *
 * <p>A context is an EVP_CIPHER_CTX: about 2 KB of malloc's memory, for one thread at a time. Once it is made, nothing
 * is allocated, neither here nor by OpenSSL. All memory that is given must be native. As in {@link Linux}, calls are
 * plain ones, since the memory may have to be paged in; they are given addresses, since a slice of memory is an object.
 *
 * <p>A call that fails is an error in this program: OpenSSL refuses nothing that is asked for here.
 */
@SuppressWarnings("restricted") // the daemon grants itself native access
public final class LibCrypto {
    public static final int KEY_BYTES = 32;
    public static final int BLOCK_BYTES = 16;

    /** OpenSSL 3, on every distribution. */
    private static final String LIBRARY = "libcrypto.so.3";

    // openssl/crypto.h
    /** Whatever openssl.cnf says of providers and engines, nothing but AES is needed, from what is built in. */
    private static final long OPENSSL_INIT_NO_LOAD_CONFIG = 0x80;

    /** Threads may still encrypt while the process ends: nothing is taken from under them. */
    private static final long OPENSSL_INIT_NO_ATEXIT = 0x80000;

    private static final int OPENSSL_VERSION = 0;

    private static final long NULL = 0;

    private static final AddressLayout C_STRING = ADDRESS.withTargetLayout(MemoryLayout.sequenceLayout(256, JAVA_BYTE));
    private static final SymbolLookup SYMBOLS = symbols();

    private static final MethodHandle INIT_CRYPTO = call("OPENSSL_init_crypto", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle VERSION = call("OpenSSL_version", C_STRING, JAVA_INT);
    private static final MethodHandle CTX_NEW = call("EVP_CIPHER_CTX_new", JAVA_LONG);
    private static final MethodHandle CTX_FREE = voidCall("EVP_CIPHER_CTX_free", JAVA_LONG);
    private static final MethodHandle AES_256_CTR = call("EVP_aes_256_ctr", JAVA_LONG);
    private static final MethodHandle INIT =
            call("EVP_EncryptInit_ex", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle UPDATE =
            call("EVP_EncryptUpdate", JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_INT);

    private static final boolean IS_AVAILABLE =
            Stream.of(INIT_CRYPTO, VERSION, CTX_NEW, CTX_FREE, AES_256_CTR, INIT, UPDATE)
                            .allMatch(Objects::nonNull)
                    && works();

    private LibCrypto() {}

    public static boolean isAvailable() {
        return IS_AVAILABLE;
    }

    /** Name and version, as "OpenSSL 3.0.17 1 Jul 2025". */
    public static String version() {
        try {
            return ((MemorySegment) VERSION.invokeExact(OPENSSL_VERSION)).getString(0);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    /**
     * Makes a context that encrypts with a key, of which OpenSSL has its own copy then. To be freed by {@link #free}.
     *
     * @param key {@value #KEY_BYTES} bytes
     */
    public static long newContext(MemorySegment key) {
        long context = ctxNew();
        if (context == NULL) {
            throw new OutOfMemoryError("EVP_CIPHER_CTX_new");
        }
        init(context, aes256Ctr(), address(key, 0, KEY_BYTES), NULL);
        Reference.reachabilityFence(key);
        return context;
    }

    /**
     * Begins a new key stream, with the key that the context has.
     *
     * @param counter the first counter block, {@value #BLOCK_BYTES} bytes
     */
    public static void begin(long context, MemorySegment counter) {
        init(context, NULL, NULL, address(counter, 0, BLOCK_BYTES));
        Reference.reachabilityFence(counter);
    }

    /**
     * Encrypts, or decrypts, with the next {@code length} bytes of the key stream; in place or into other memory.
     *
     * @param done an int, for OpenSSL to say how much it did
     */
    public static void update(
            long context,
            MemorySegment from,
            long fromOffset,
            MemorySegment into,
            long intoOffset,
            int length,
            MemorySegment done) {
        long source = address(from, fromOffset, length);
        long target = address(into, intoOffset, length);
        int result;
        try {
            result = (int) UPDATE.invokeExact(context, target, done, source, length);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
        check("EVP_EncryptUpdate", result);
        Reference.reachabilityFence(from);
        Reference.reachabilityFence(into);
    }

    /** Wipes the context and its key, and frees it. */
    public static void free(long context) {
        try {
            CTX_FREE.invokeExact(context);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    private static void initCrypto(long options) {
        int result;
        try {
            result = (int) INIT_CRYPTO.invokeExact(options, NULL);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
        check("OPENSSL_init_crypto", result);
    }

    private static long ctxNew() {
        try {
            return (long) CTX_NEW.invokeExact();
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    private static long aes256Ctr() {
        try {
            return (long) AES_256_CTR.invokeExact();
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    private static void init(long context, long cipher, long key, long counter) {
        int result;
        try {
            result = (int) INIT.invokeExact(context, cipher, NULL, key, counter);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
        check("EVP_EncryptInit_ex", result);
    }

    /** Null if the machine has none, or none that can be loaded. */
    private static SymbolLookup symbols() {
        try {
            return SymbolLookup.libraryLookup(LIBRARY, Arena.global());
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static MethodHandle call(String name, MemoryLayout result, MemoryLayout... arguments) {
        return handle(name, FunctionDescriptor.of(result, arguments));
    }

    private static MethodHandle voidCall(String name, MemoryLayout... arguments) {
        return handle(name, FunctionDescriptor.ofVoid(arguments));
    }

    /** Null if there is no such symbol. */
    private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
        return SYMBOLS == null
                ? null
                : SYMBOLS.find(name)
                        .map(symbol -> Linker.nativeLinker().downcallHandle(symbol, descriptor))
                        .orElse(null);
    }

    /** Starts the library, and tries it: a build of it may lack the cipher, or keep it in a file of its own. */
    private static boolean works() {
        try (Arena arena = Arena.ofConfined()) {
            initCrypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT);
            free(newContext(arena.allocate(KEY_BYTES)));
            return true;
        } catch (IllegalStateException e) {
            return false;
        }
    }

    private static void check(String call, int result) {
        if (result != 1) {
            throw new IllegalStateException(call + " failed");
        }
    }

    private static long address(MemorySegment memory, long offset, int length) {
        Objects.checkFromIndexSize(offset, length, memory.byteSize());
        if (!memory.isNative()) {
            throw new IllegalArgumentException("not native memory");
        }
        return memory.address() + offset;
    }
}
