package dev.ramzswap.nbd.io;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;

/** Direct memory with the one view of it that all I/O uses, so that a request allocates nothing. */
public final class IoBuffer implements AutoCloseable {
    private final IoShare owner;
    private final ByteBuf memory;
    private final ByteBuffer view;

    public IoBuffer(IoShare owner, int bytes) {
        this.owner = owner;
        memory = owner.take(bytes);
        view = memory.nioBuffer(0, bytes);
    }

    public ByteBuffer view() {
        return view;
    }

    /** To be called once. */
    @Override
    public void close() {
        owner.give(memory);
    }
}
