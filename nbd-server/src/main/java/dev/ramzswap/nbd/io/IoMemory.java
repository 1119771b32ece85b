package dev.ramzswap.nbd.io;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The direct memory of a server's connections. What the kernel's have left is reserved for the next, so many of each
 * size: it may cut a connection off at a time when no memory is to be had but by swapping on the next one. Who has a
 * part in that, {@link IoShare} says. All else goes back to the machine. Thread-safe.
 *
 * <p>Unpooled, since buffers live as long as their connection: a pool would only keep more memory resident. Without
 * leak detection, which would allocate.
 */
public final class IoMemory implements AutoCloseable {
    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);
    private final Set<Integer> sizes;
    private final int most;
    private final List<ByteBuf> reserved = new ArrayList<>();
    private final AtomicLong made = new AtomicLong();

    /**
     * @param sizes of the buffers that a connection has, in bytes; others are not reserved
     * @param most connections whose buffers are reserved
     */
    public IoMemory(Set<Integer> sizes, int most) {
        this.sizes = Set.copyOf(sizes);
        this.most = most;
    }

    /** New memory, all of it resident. */
    ByteBuf make(int bytes) {
        ByteBuf buffer = allocator.directBuffer(bytes, bytes);
        buffer.setZero(0, bytes); // its pages are resident from now on: no request faults them in
        made.incrementAndGet();
        return buffer;
    }

    /** Buffers that were asked of the machine so far. */
    public long made() {
        return made.get();
    }

    /** What is reserved of that size, or null. */
    synchronized ByteBuf takeReserved(int bytes) {
        for (int i = reserved.size() - 1; i >= 0; i--) {
            if (reserved.get(i).capacity() == bytes) {
                return reserved.remove(i);
            }
        }
        return null;
    }

    /**
     * Makes buffers, or frees some, until those of so many connections are reserved, or as much as may be; or until
     * this thread is interrupted.
     */
    public void setReserved(int connections) {
        for (int bytes : sizes) {
            setReserved(bytes, Math.min(connections, most));
        }
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
        return (int)
                reserved.stream().filter(buffer -> buffer.capacity() == bytes).count();
    }

    private static void free(ByteBuf buffer) {
        if (buffer != null) {
            buffer.release();
        }
    }

    /** For the kernel's next connection, unless there is enough of it. */
    void reserve(ByteBuf buffer) {
        if (!keep(buffer)) {
            buffer.release(); // without the monitor: it may unmap megabytes
        }
    }

    private synchronized boolean keep(ByteBuf buffer) {
        int bytes = buffer.capacity();
        return sizes.contains(bytes) && reserved(bytes) < most && reserved.add(buffer);
    }

    /** Bytes that nobody has. */
    public synchronized long spareBytes() {
        return reserved.stream().mapToLong(ByteBuf::capacity).sum();
    }

    /** Bytes that connections have now. */
    public synchronized long inUse() {
        return allocator.metric().usedDirectMemory() - spareBytes();
    }

    /** Gives back what nobody has. */
    @Override
    public void close() {
        setReserved(0);
    }
}
