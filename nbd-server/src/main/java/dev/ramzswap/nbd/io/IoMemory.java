package dev.ramzswap.nbd.io;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.Map;

/**
 * The direct memory of a server's connections. What the kernel's have left is reserved for the next, so many of each
 * size: it may cut a connection off at a time when no memory is to be had but by swapping on the next one. Who has a
 * part in that, {@link IoShare} says. What one connection has is kept for anybody: it is locked, so what is freed stays
 * with the process, and may be made again by a thread for which the C library has another arena. Thread-safe.
 *
 * <p>Else unpooled, since buffers live as long as their connection: a pool would only keep more memory resident.
 * Without leak detection, which would allocate.
 */
public final class IoMemory implements AutoCloseable {
    /** A visitor at a time is the rule. */
    private static final int VISITORS = 1;

    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);
    private final Map<Integer, Integer> ofConnection;
    private final int most;
    private final SpareBuffers reserved;
    private final SpareBuffers spare;
    private long made;

    /**
     * @param ofConnection how many buffers a connection has of each size in bytes; others are not kept
     * @param most connections whose buffers are reserved
     */
    public IoMemory(Map<Integer, Integer> ofConnection, int most) {
        this.ofConnection = Map.copyOf(ofConnection);
        this.most = most;
        this.reserved = new SpareBuffers(this.ofConnection, most);
        this.spare = new SpareBuffers(this.ofConnection, VISITORS);
    }

    /** What is spare of that size for anybody, or new memory. */
    ByteBuf take(int bytes) {
        ByteBuf buffer = takeSpare(bytes);
        return buffer == null ? make(bytes) : buffer;
    }

    private synchronized ByteBuf takeSpare(int bytes) {
        return spare.take(bytes);
    }

    /** What is reserved of that size, or null. */
    synchronized ByteBuf takeReserved(int bytes) {
        return reserved.take(bytes);
    }

    /** New memory, all of it resident. */
    private ByteBuf make(int bytes) {
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
     * Makes buffers, or frees some, until those of so many connections are reserved, or as much as may be; or until
     * this thread is interrupted.
     */
    public void setReserved(int connections) {
        ofConnection.forEach((bytes, count) -> setReserved(bytes, count * Math.min(connections, most)));
    }

    private void setReserved(int bytes, int count) {
        int missing = count - reserved(bytes);
        for (; missing > 0 && !Thread.currentThread().isInterrupted(); missing--) {
            reserve(make(bytes));
        }
        for (; missing < 0; missing++) {
            free(takeReserved(bytes));
        }
    }

    private synchronized int reserved(int bytes) {
        return reserved.count(bytes);
    }

    private static void free(ByteBuf buffer) {
        if (buffer != null) {
            buffer.release();
        }
    }

    /** For the kernel's next connection, unless there is enough of it. */
    synchronized void reserve(ByteBuf buffer) {
        if (!reserved.keep(buffer)) {
            keep(buffer);
        }
    }

    /** For anybody, unless there is enough of it. */
    synchronized void keep(ByteBuf buffer) {
        if (!spare.keep(buffer)) {
            buffer.release();
        }
    }

    /** Bytes that nobody has. */
    public synchronized long spareBytes() {
        return reserved.bytes() + spare.bytes();
    }

    /** Bytes that connections have now. */
    public synchronized long inUse() {
        return allocator.metric().usedDirectMemory() - spareBytes();
    }

    /** Gives back what nobody has. */
    @Override
    public synchronized void close() {
        reserved.release();
        spare.release();
    }
}
