package dev.ramzswap.backing;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.ramzswap.linux.LibCrypto;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** By OpenSSL's libcrypto, which must be there. */
final class NativeCipher implements PageCipher {
    private static final ValueLayout.OfLong BIG_ENDIAN = JAVA_LONG.withOrder(ByteOrder.BIG_ENDIAN);

    private final Arena arena = Arena.ofShared();
    private final MemorySegment counter = arena.allocate(BLOCK_BYTES, Long.BYTES);
    private final MemorySegment done = arena.allocate(JAVA_INT);

    /** Takes the part of a block's key stream that lies before what is wanted. */
    private final MemorySegment skipped = arena.allocate(BLOCK_BYTES);

    private final long context;

    /** @param key 32 bytes, native */
    NativeCipher(MemorySegment key) {
        context = LibCrypto.newContext(key);
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
        counter.set(BIG_ENDIAN, 0, generation);
        counter.set(BIG_ENDIAN, Long.BYTES, (long) segment << 32 | begin / BLOCK_BYTES);
        LibCrypto.begin(context, counter);
        int skip = begin % BLOCK_BYTES;
        if (skip != 0) {
            LibCrypto.update(context, skipped, 0, skipped, 0, skip, done);
        }
        LibCrypto.update(context, from, fromOffset, into, intoOffset, length, done);
    }

    @Override
    public void close() {
        // The arena first: it lets nobody close it twice, nor use it afterwards.
        arena.close();
        LibCrypto.free(context);
    }
}
