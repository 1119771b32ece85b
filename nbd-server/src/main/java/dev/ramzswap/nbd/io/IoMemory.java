package dev.ramzswap.nbd.io;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;

/**
 * The direct memory of a server's connections. What one has left is kept for the next, up to a limit: the kernel may
 * cut a connection off at a time when no memory is to be had but by swapping on the next one. Thread-safe.
 *
 * <p>Else unpooled, since buffers live as long as their connection: a pool would only keep more memory resident.
 * Without leak detection, which would allocate.
 */
public final class IoMemory implements AutoCloseable {
    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);
    private final List<ByteBuf> spare = new ArrayList<>();
    private final long mostSpare;
    private long spareBytes;

    /** @param mostSpare bytes to keep for the next connections */
    public IoMemory(long mostSpare) {
        this.mostSpare = mostSpare;
    }

    /** Resident memory of that size, with any content. */
    ByteBuf take(int bytes) {
        ByteBuf buffer = takeSpare(bytes);
        if (buffer == null) {
            buffer = allocator.directBuffer(bytes, bytes);
            buffer.setZero(0, bytes); // its pages are resident from now on: no request faults them in
        }
        return buffer;
    }

    private synchronized ByteBuf takeSpare(int bytes) {
        for (int i = spare.size() - 1; i >= 0; i--) {
            if (spare.get(i).capacity() == bytes) {
                spareBytes -= bytes;
                return spare.remove(i);
            }
        }
        return null;
    }

    /** Nobody uses it any more. */
    synchronized void give(ByteBuf buffer) {
        if (spareBytes + buffer.capacity() <= mostSpare) {
            spareBytes += buffer.capacity();
            spare.add(buffer);
        } else {
            buffer.release();
        }
    }

    /** Bytes that connections have now. */
    public synchronized long inUse() {
        return allocator.metric().usedDirectMemory() - spareBytes;
    }

    /** Gives back what is spare. */
    @Override
    public synchronized void close() {
        spare.forEach(ByteBuf::release);
        spare.clear();
        spareBytes = 0;
    }
}
