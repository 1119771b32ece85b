package dev.ramzswap.bench;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** What a connection has received and not yet looked at: as much as the socket holds, in one call. Not thread-safe. */
final class Replies {
    private static final int BYTES = 1 << 20;

    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BYTES).flip();
    private final MemorySegment segment =
            MemorySegment.ofBuffer(buffer.duplicate().clear());

    /** Waits for at least one more byte. */
    void receive(SocketChannel channel) throws IOException {
        buffer.compact();
        int n = channel.read(buffer);
        buffer.flip();
        if (n < 0) {
            throw new EOFException("the server closed the connection");
        }
    }

    boolean holds(int bytes) {
        return buffer.remaining() >= bytes;
    }

    /** The magic number of the next reply; there must be {@code REPLY_BYTES}. */
    int magic() {
        return buffer.getInt(buffer.position());
    }

    int error() {
        return buffer.getInt(buffer.position() + 4);
    }

    long cookie() {
        return buffer.getLong(buffer.position() + 8);
    }

    MemorySegment bytes() {
        return segment;
    }

    /** Where the next reply's payload begins in {@link #bytes}. */
    long payload() {
        return buffer.position() + NbdConnection.REPLY_BYTES;
    }

    void skip(int bytes) {
        buffer.position(buffer.position() + bytes);
    }
}
