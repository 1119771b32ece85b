package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.nbd.export.ExportSession;
import dev.ramzswap.nbd.wire.Negotiated;
import dev.ramzswap.nbd.wire.Request;
import dev.ramzswap.nbd.wire.RequestValidator;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a transmission must do, as plainly as it can be said: one request after the other, on an array. Which error a
 * request ends in is {@link RequestValidator}'s word, whose test is its own; that what it lets pass lies inside the
 * export is checked here.
 */
final class TransmissionModel {
    final Negotiated agreed;
    /** Replies may come in any order, and what is read depends on that order. */
    final boolean slow;

    final byte[] content;

    private final List<Expected> expected = new ArrayList<>();
    private boolean cutOff;

    /** @param data of a READ; only as long as the right one if the export is slow */
    private record Expected(int type, long cookie, int error, long offset, byte[] data) {}

    TransmissionModel(Negotiated agreed, boolean slow) {
        this.agreed = agreed;
        this.slow = slow;
        content = new byte[(int) agreed.export().size()];
    }

    /** Whether the client must be cut off; some of its last replies may then be missing. */
    boolean isCutOff() {
        return cutOff;
    }

    /** Takes all that a client sends. */
    void serve(ByteBuffer client) {
        Request request = new Request();
        RequestValidator validator = new RequestValidator(agreed);
        while (client.remaining() >= REQUEST_HEADER) {
            cutOff = !request.read(client, client.position());
            client.position(client.position() + REQUEST_HEADER);
            if (cutOff || request.type == NBD_CMD_DISC) {
                return;
            }
            boolean isWrite = request.type == NBD_CMD_WRITE;
            if (isWrite && (request.length > MAXIMUM_SKIPPED_PAYLOAD || request.length > client.remaining())) {
                cutOff = true;
                return;
            }
            serve(request, validator.check(request), client);
            client.position(client.position() + (isWrite ? (int) request.length : 0));
        }
    }

    private void serve(Request request, int error, ByteBuffer client) {
        byte[] data = {};
        if (error == ExportSession.OK) {
            assertTrue(request.offset >= 0 && request.length <= content.length - request.offset, "outside");
            int from = (int) request.offset;
            int to = from + (int) request.length;
            switch (request.type) {
                case NBD_CMD_READ -> data = Arrays.copyOfRange(content, from, to);
                case NBD_CMD_WRITE -> client.get(client.position(), content, from, to - from);
                case NBD_CMD_TRIM, NBD_CMD_WRITE_ZEROES -> Arrays.fill(content, from, to, (byte) 0);
                default -> {}
            }
        }
        expected.add(new Expected(request.type, request.cookie, error, request.offset, data));
    }

    /** That all that was sent is right, and that nothing is missing. */
    void checkReplies(ByteArrayInputStream sent) throws IOException {
        ServerBytes said = new ServerBytes(sent);
        int whole = 0;
        while (sent.available() > 0) {
            assertTrue(whole < expected.size(), "a reply too many");
            ServerBytes.Reply reply = said.reply();
            Expected request = slow ? expectedOf(reply.cookie()) : expected.get(whole);
            assertEquals(request.cookie, reply.cookie());
            if (request.type == NBD_CMD_READ && request.error == ExportSession.OK) {
                checkData(request, reply, said);
            } else {
                assertEquals(request.error, reply.error());
                assertTrue(reply.last());
            }
            whole += reply.last() ? 1 : 0;
        }
        assertTrue(cutOff || whole == expected.size(), () -> "of " + expected.size() + " replies some are missing");
    }

    /** Not by its index: a WRITE without payload swallows the requests behind it. */
    private Expected expectedOf(long cookie) {
        return expected.stream()
                .filter(request -> request.cookie == cookie)
                .findFirst()
                .orElseThrow(() -> new AssertionError("a reply to " + cookie + ", which nobody sent"));
    }

    private void checkData(Expected request, ServerBytes.Reply reply, ServerBytes said) throws IOException {
        assertEquals(ExportSession.OK, reply.error());
        switch (reply.type()) {
            case ServerBytes.Reply.SIMPLE -> {
                assertTrue(!agreed.structured());
                compare(request, 0, said.bytes(request.data.length));
            }
            case NBD_REPLY_TYPE_OFFSET_DATA -> {
                ByteBuffer payload = ByteBuffer.wrap(reply.payload());
                int at = (int) (payload.getLong() - request.offset);
                compare(request, at, Arrays.copyOfRange(reply.payload(), Long.BYTES, reply.payload().length));
            }
            case NBD_REPLY_TYPE_OFFSET_HOLE -> {
                ByteBuffer payload = ByteBuffer.wrap(reply.payload());
                compare(request, (int) (payload.getLong() - request.offset), new byte[payload.getInt()]);
            }
            default -> assertEquals(0, request.data.length);
        }
    }

    private void compare(Expected request, int at, byte[] piece) {
        assertTrue(at >= 0 && at + piece.length <= request.data.length, "a piece outside of the request");
        if (!slow) {
            assertArrayEquals(Arrays.copyOfRange(request.data, at, at + piece.length), piece);
        }
    }
}
