package dev.ramzswap.backing;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.SecretKeySpec;

/**
 * By the JDK, which is on every machine, and slow without the C2 compiler.
 *
 * <p>The JDK's {@code AES/CTR} must be initialised for every record, which allocates, and copies direct buffers. So the
 * JDK's {@code AES/ECB} serves as the bare block function: it encrypts counter blocks, which never repeat, and the
 * result is the key stream. No content ever passes through ECB.
 */
final class JdkCipher implements PageCipher {
    private static final int CHUNK_BLOCKS = 256;
    private static final VarHandle BIG_ENDIAN =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private final Cipher aes;
    private final byte[] counters = new byte[CHUNK_BLOCKS * BLOCK_BYTES];
    private final byte[] stream = new byte[CHUNK_BLOCKS * BLOCK_BYTES];
    private final MemorySegment streamMemory = MemorySegment.ofArray(stream);

    /** @param key 32 bytes */
    JdkCipher(MemorySegment key) {
        byte[] bytes = key.toArray(JAVA_BYTE);
        try {
            aes = Cipher.getInstance("AES/ECB/NoPadding");
            aes.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(bytes, "AES"));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK has no AES-256", e);
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    @Override
    public void apply(
            int segment,
            long generation,
            int begin,
            MemorySegment from,
            long fromOffset,
            MemorySegment into,
            long intoOffset,
            int length) {
        int block = begin / BLOCK_BYTES;
        int skip = begin % BLOCK_BYTES;
        for (int done = 0; done < length; skip = 0) {
            int blocks = Math.min(CHUNK_BLOCKS, (skip + length - done + BLOCK_BYTES - 1) / BLOCK_BYTES);
            makeStream(segment, generation, block, blocks);
            int bytes = Math.min(length - done, blocks * BLOCK_BYTES - skip);
            for (int i = 0; i < bytes; i += Long.BYTES) {
                long plain = from.get(JAVA_LONG_UNALIGNED, fromOffset + done + i);
                long key = streamMemory.get(JAVA_LONG_UNALIGNED, skip + i);
                into.set(JAVA_LONG_UNALIGNED, intoOffset + done + i, plain ^ key);
            }
            block += blocks;
            done += bytes;
        }
    }

    private void makeStream(int segment, long generation, int block, int blocks) {
        for (int i = 0; i < blocks; i++) {
            BIG_ENDIAN.set(counters, i * BLOCK_BYTES, generation);
            BIG_ENDIAN.set(counters, i * BLOCK_BYTES + Long.BYTES, (long) segment << 32 | block + i);
        }
        try {
            aes.update(counters, 0, blocks * BLOCK_BYTES, stream, 0);
        } catch (ShortBufferException e) {
            throw new AssertionError(e);
        }
    }

    /** Nothing to free; the JDK does not let its copy of the key be wiped. */
    @Override
    public void close() {}
}
