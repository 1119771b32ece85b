package dev.ramzswap.bench;

import static dev.ramzswap.bench.NbdConnection.REQUEST_BYTES;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Requests of one page each that go out in one call. Payloads are copied: at 0.1 us a page that costs less than a
 * gathering write's two elements for each request. Not thread-safe.
 */
final class Requests {
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(Phase.MAX_DEPTH * (REQUEST_BYTES + Pages.BYTES));
    private final MemorySegment segment = MemorySegment.ofBuffer(buffer.duplicate());

    void add(short command, int cookie, int slot) {
        buffer.putInt(NbdConnection.REQUEST_MAGIC).putShort((short) 0).putShort(command);
        buffer.putLong(cookie).putLong(Pages.offset(slot)).putInt(Pages.BYTES);
    }

    void addPayload(MemorySegment from, long at) {
        MemorySegment.copy(from, at, segment, buffer.position(), Pages.BYTES);
        buffer.position(buffer.position() + Pages.BYTES);
    }

    void sendTo(NbdConnection connection) throws IOException {
        buffer.flip();
        connection.send(buffer);
        buffer.clear();
    }
}
