package dev.ramzswap.nbd;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;

/** Direct memory with the one view of it that all I/O uses, so that a request allocates nothing. */
final class IoBuffer implements AutoCloseable {
    private final IoMemory owner;
    private final ByteBuf memory;
    private final ByteBuffer view;

    IoBuffer(IoMemory owner, int bytes) {
        this.owner = owner;
        memory = owner.take(bytes);
        view = memory.nioBuffer(0, bytes);
    }

    ByteBuffer view() {
        return view;
    }

    /** To be called once. */
    @Override
    public void close() {
        owner.give(memory);
    }
}
