package dev.ramzswap.nbd;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.ByteBuffer;

/**
 * Direct memory with the one view of it that all I/O uses, so that a request allocates nothing. Zeroed when it is made:
 * its pages are then resident, and no request faults them in while memory is short.
 */
final class IoBuffer implements AutoCloseable {
    private final ByteBuf memory;
    private final ByteBuffer view;

    IoBuffer(ByteBufAllocator allocator, int bytes) {
        memory = allocator.directBuffer(bytes, bytes);
        memory.setZero(0, bytes);
        view = memory.nioBuffer(0, bytes);
    }

    ByteBuffer view() {
        return view;
    }

    @Override
    public void close() {
        memory.release();
    }
}
