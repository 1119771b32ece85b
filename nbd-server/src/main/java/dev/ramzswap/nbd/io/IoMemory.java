package dev.ramzswap.nbd.io;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The direct memory of a server's connections. What one has left is kept for the next, so many of each size: the kernel
 * may cut a connection off at a time when no memory is to be had but by swapping on the next one. Who has a part in
 * that, {@link IoShare} says. Thread-safe.
 *
 * <p>Else unpooled, since buffers live as long as their connection: a pool would only keep more memory resident.
 * Without leak detection, which would allocate.
 */
public final class IoMemory implements AutoCloseable {
    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);
    private final List<ByteBuf> spare = new ArrayList<>();
    private final Map<Integer, Integer> ofConnection;
    private final int most;
    private long spareBytes;
    private long made;

    /**
     * @param ofConnection how many buffers a connection has of each size in bytes; others are not kept
     * @param most connections whose buffers are kept
     */
    public IoMemory(Map<Integer, Integer> ofConnection, int most) {
        this.ofConnection = Map.copyOf(ofConnection);
        this.most = most;
    }

    /** What is spare of that size, or new memory. */
    ByteBuf take(int bytes) {
        ByteBuf buffer = takeSpare(bytes);
        return buffer == null ? make(bytes) : buffer;
    }

    /** New memory, all of it resident. */
    ByteBuf make(int bytes) {
        ByteBuf buffer = allocator.directBuffer(bytes, bytes);
        buffer.setZero(0, bytes); // its pages are resident from now on: no request faults them in
        count();
        return buffer;
    }

    private synchronized void count() {
        made++;
    }

    /** Buffers that were asked of the machine so far. */
    public synchronized long made() {
        return made;
    }

    /**
     * Makes buffers, or frees some, until those of so many connections are spare, or as much as may be kept; or until
     * this thread is interrupted.
     */
    public void setSpare(int connections) {
        ofConnection.forEach((bytes, count) -> setSpare(bytes, count * Math.min(connections, most)));
    }

    private void setSpare(int bytes, int count) {
        int missing = count - spare(bytes);
        for (; missing > 0 && !Thread.currentThread().isInterrupted(); missing--) {
            keep(make(bytes));
        }
        for (; missing < 0; missing++) {
            free(takeSpare(bytes));
        }
    }

    private synchronized int spare(int bytes) {
        return (int) spare.stream().filter(buffer -> buffer.capacity() == bytes).count();
    }

    private static void free(ByteBuf buffer) {
        if (buffer != null) {
            buffer.release();
        }
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

    /** As spare memory, unless there is enough of it. */
    synchronized void keep(ByteBuf buffer) {
        int bytes = buffer.capacity();
        if (spare(bytes) < most * ofConnection.getOrDefault(bytes, 0)) {
            spareBytes += bytes;
            spare.add(buffer);
        } else {
            buffer.release();
        }
    }

    /** Bytes that nobody has. */
    public synchronized long spareBytes() {
        return spareBytes;
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
