package dev.ramzswap.backing;

import java.lang.foreign.MemorySegment;

/**
 * AES-256 in counter mode (NIST SP 800-38A, 6.5) with random access. The counter block of the 16 bytes at {@code 16 *
 * block} of a segment is
 *
 * <pre>
 *   generation (64) | segment (32) | block (32)        big-endian
 * </pre>
 *
 * which is used for one content only, since a segment has another generation each time it is written anew. (A write
 * that failed is repeated with the same content.)
 *
 * <p>All implementations make the same key stream: a daemon with another one may take over. See {@link Ciphers}.
 *
 * <p>Counter mode keeps a secret; it does not detect a change. Not thread-safe.
 */
interface PageCipher extends AutoCloseable {
    int BLOCK_BYTES = 16;

    /**
     * Encrypts or decrypts a part of a segment, in place or into other memory. Both are native.
     *
     * @param begin where in the segment the part begins; a multiple of 8
     * @param length a multiple of 8
     */
    void apply(
            int segment,
            long generation,
            int begin,
            MemorySegment from,
            long fromOffset,
            MemorySegment into,
            long intoOffset,
            int length);

    /** Forgets the key. */
    @Override
    void close();
}
