package dev.ramzswap.backing;

import java.lang.foreign.MemorySegment;

/** For a backing file of which nothing is encrypted: a daemon that has none other loads no cipher at all. */
final class NoCipher implements PageCipher {
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
        MemorySegment.copy(from, fromOffset, into, intoOffset, length);
    }

    @Override
    public void close() {}
}
