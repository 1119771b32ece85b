package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.nbd.export.ExportSession;
import dev.ramzswap.nbd.fence.Gate;
import dev.ramzswap.nbd.io.IoShare;
import dev.ramzswap.nbd.wire.Negotiated;
import dev.ramzswap.nbd.wire.ReplyWriter;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Whatever a client sends, each request is answered once, with as many bytes as a {@link TransmissionModel} says; what
 * the export holds at the end is what the model holds; a client is cut off only where the model says so; and nothing is
 * kept of it. Half of the inputs meet an export that would wait, so that the slow lane serves them, in any order; the
 * other half must be answered in order, with the very bytes of the model.
 *
 * <p>The input: a byte of modes, one that says how many bytes arrive at once, and then requests of five bytes: type and
 * kind, flags, offset and length. Run by {@code ./ramzswap fuzz} (docs/testing.md), its corpus by
 * {@link FuzzCorpusTest}.
 */
public final class TransmissionFuzz {
    private static final int SIZE = 64 << 10;
    private static final int RECEIVE_BYTES = 16 << 10;
    private static final int MOST_REQUESTS = 100;
    private static final int MOST_PIECES = 100;
    private static final ByteBuffer RECEIVED = ByteBuffer.allocateDirect(RECEIVE_BYTES);
    private static final ByteBuffer FAST_REPLY = ByteBuffer.allocateDirect(SIZE + ReplyWriter.OVERHEAD);
    private static final ByteBuffer SLOW_REPLY = ByteBuffer.allocateDirect(RECEIVE_BYTES + ReplyWriter.OVERHEAD);

    private static final int STRUCTURED = 1;
    private static final int SLOW = 2;
    private static final int READ_ONLY = 4;
    private static final int RAW = 8;

    private TransmissionFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        if (input.length < 2) {
            return;
        }
        int modes = input[0];
        boolean structured = (modes & STRUCTURED) != 0;
        boolean slow = (modes & SLOW) != 0;
        MemoryExport export = new MemoryExport("x", SIZE, (modes & READ_ONLY) != 0);
        export.slow(0, slow ? SIZE / 2 : 0);
        ByteBuffer rest = ByteBuffer.wrap(input, 2, input.length - 2).slice();
        // A raw stream may use a cookie twice, and then nobody can tell replies that are not in order apart.
        byte[] client = (modes & RAW) != 0 && !slow ? bytes(rest) : requests(rest);
        TransmissionModel model = new TransmissionModel(new Negotiated(export, structured, structured), slow);
        model.serve(ByteBuffer.wrap(client));
        int piece = Math.max(1 + Byte.toUnsignedInt(input[1]), client.length / MOST_PIECES);
        ScriptedChannel channel = new ScriptedChannel(client, ScriptedChannel.every(piece, client));
        play(export, model, channel);
        model.checkReplies(new ByteArrayInputStream(channel.sentBytes()));
        if (!slow && !model.isCutOff()) {
            assertArrayEquals(model.content, export.content);
        }
    }

    private static void play(MemoryExport export, TransmissionModel model, ScriptedChannel channel) throws IOException {
        try (var memory = new ConnectionMemory(Limits.DEFAULT, 1)) {
            play(export, model, channel, memory);
        }
    }

    private static void play(
            MemoryExport export, TransmissionModel model, ScriptedChannel channel, ConnectionMemory memory)
            throws IOException {
        var context = new ServerContext(new ExportTable(List.of(export)), memory, ClientListener.NONE);
        IoShare share = new IoShare(context.memory(), false);
        Buffers buffers = new Buffers(share, RECEIVED, model.slow ? SLOW_REPLY : FAST_REPLY);
        try (ExportSession session = export.open();
                Transmission transmission =
                        new Transmission(context, model.agreed, session, Gate.unfenced(), channel, buffers)) {
            transmission.run();
            assertTrue(!model.isCutOff(), "should have been cut off");
        } catch (ProtocolException | EOFException e) {
            assertTrue(model.isCutOff(), () -> "cut off: " + e);
        }
        assertEquals(0, export.sessions.get(), "sessions left open");
        assertEquals(0, context.memory().inUse(), "memory left");
        assertEquals(0, context.laneMemory(share).budget().used(), "budget left");
    }

    private static byte[] bytes(ByteBuffer rest) {
        byte[] bytes = new byte[rest.remaining()];
        rest.get(bytes);
        return bytes;
    }

    /** Requests that are well-formed, most of them also valid, with cookies of their own. */
    private static byte[] requests(ByteBuffer input) {
        Bytes client = new Bytes();
        for (int cookie = 0; input.remaining() >= 7 && cookie < MOST_REQUESTS; cookie++) {
            int type = input.get();
            int flags = input.get();
            long offset = Short.toUnsignedLong(input.getShort());
            int kind = input.get();
            long length = Short.toUnsignedLong(input.getShort());
            if ((kind & 1) != 0) { // most are slots
                offset = offset << 12 & SIZE - 1;
                length = 1 + (length & 3) << 12;
            } else if ((kind & 2) != 0) { // beyond the end
                offset = offset << 48 | offset;
                length |= length << 16;
            }
            boolean hasPayload = (type & 15) == NBD_CMD_WRITE && length <= SIZE;
            byte[] payload = Bytes.random(cookie, hasPayload ? (int) length : 0);
            client.request(
                    type < 0 ? type & 0xffff : type & 7, (kind & 4) == 0 ? 0 : flags, cookie, offset, length, payload);
        }
        return client.array();
    }
}
