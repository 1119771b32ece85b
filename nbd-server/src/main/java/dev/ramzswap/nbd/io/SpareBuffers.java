package dev.ramzswap.nbd.io;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Buffers that nobody has, at most those of so many connections. Not thread-safe. */
final class SpareBuffers {
    private final List<ByteBuf> buffers = new ArrayList<>();
    private final Map<Integer, Integer> ofConnection;
    private final int most;
    private long bytes;

    /**
     * @param ofConnection how many buffers a connection has of each size in bytes; others are not kept
     * @param most connections whose buffers are kept
     */
    SpareBuffers(Map<Integer, Integer> ofConnection, int most) {
        this.ofConnection = ofConnection;
        this.most = most;
    }

    /** One of that size, or null. */
    ByteBuf take(int size) {
        for (int i = buffers.size() - 1; i >= 0; i--) {
            if (buffers.get(i).capacity() == size) {
                bytes -= size;
                return buffers.remove(i);
            }
        }
        return null;
    }

    /** Returns false, and does not have it, if there are enough of its size. */
    boolean keep(ByteBuf buffer) {
        int size = buffer.capacity();
        if (count(size) >= most * ofConnection.getOrDefault(size, 0)) {
            return false;
        }
        bytes += size;
        return buffers.add(buffer);
    }

    int count(int size) {
        return (int)
                buffers.stream().filter(buffer -> buffer.capacity() == size).count();
    }

    long bytes() {
        return bytes;
    }

    void release() {
        buffers.forEach(ByteBuf::release);
        buffers.clear();
        bytes = 0;
    }
}
