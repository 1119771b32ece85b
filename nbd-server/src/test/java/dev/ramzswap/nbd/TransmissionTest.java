package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.nbd.ServerBytes.Reply;
import dev.ramzswap.nbd.export.Export;
import dev.ramzswap.nbd.export.ExportSession;
import dev.ramzswap.nbd.fence.Gate;
import dev.ramzswap.nbd.io.IoShare;
import dev.ramzswap.nbd.wire.Negotiated;
import dev.ramzswap.nbd.wire.ReplyWriter;
import dev.ramzswap.nbd.wire.Slots;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests and replies, over a channel without a socket; {@link RequestAbuseTest} has what no client may send. */
class TransmissionTest {
    private static final int SIZE = 4 << 20;
    private static final int SMALL_BUFFER = 16 << 10;

    private final MemoryExport export = new MemoryExport("x", SIZE);
    private final ServerContext context = new ServerContext(
            new ExportTable(List.of(export)), new ConnectionMemory(Limits.DEFAULT, 1), ClientListener.NONE);
    private final IoShare share = new IoShare(context.memory(), false);
    private ScriptedChannel channel;

    private ServerBytes play(Bytes client, int... cuts) throws IOException {
        return play(export, false, 1 << 20, client, cuts);
    }

    private ServerBytes playStructured(Bytes client, int... cuts) throws IOException {
        return play(export, true, 1 << 20, client, cuts);
    }

    private ServerBytes play(Export served, boolean structured, int buffer, Bytes client, int... cuts)
            throws IOException {
        channel = new ScriptedChannel(client.array(), cuts);
        Negotiated agreed = new Negotiated(served, structured, structured);
        Buffers buffers = new Buffers(
                share, ByteBuffer.allocateDirect(buffer), ByteBuffer.allocateDirect(buffer + ReplyWriter.OVERHEAD));
        try (ExportSession session = served.open();
                Transmission transmission =
                        new Transmission(context, agreed, session, Gate.unfenced(), channel, buffers)) {
            transmission.run();
        } finally {
            assertEquals(0, export.sessions.get(), "sessions left open");
            assertEquals(0, context.memory().inUse(), "memory left");
            assertEquals(0, context.laneMemory(share).budget().used(), "budget left");
        }
        return channel.sent();
    }

    @Test
    void whatIsWrittenIsRead() throws IOException {
        byte[] data = Bytes.random(1, 10_000);
        ServerBytes said =
                play(new Bytes().write(1, 4000, data).read(2, 4000, 10_000).disconnect());
        said.expect(1, 0);
        said.expectData(2, data);
        said.expectEnd();
    }

    @Test
    void flushesAndHintsSucceedAndChangeNothing() throws IOException {
        ServerBytes said = play(new Bytes()
                .request(NBD_CMD_WRITE, NBD_CMD_FLAG_FUA, 1, 0, 3, (byte) 1, (byte) 2, (byte) 3)
                .request(NBD_CMD_FLUSH, 0, 2, 0, 0)
                .request(NBD_CMD_CACHE, 0, 3, 0, SIZE)
                .request(NBD_CMD_TRIM, 0, 4, 1, 0)
                .read(5, 0, 4));
        for (int cookie = 1; cookie <= 4; cookie++) {
            said.expect(cookie, ExportSession.OK);
        }
        said.expectData(5, new byte[] {1, 2, 3, 0});
    }

    @Test
    void repliesToAllThatArrivedLeaveInOneCall() throws IOException {
        Bytes client = new Bytes();
        for (int i = 0; i < 200; i++) {
            client.read(i, i * 4096L, 4096);
        }
        ServerBytes said = play(client);
        for (int i = 0; i < 200; i++) {
            said.expectData(i, new byte[4096]);
        }
        assertEquals(1, channel.writes);
    }

    @Test
    void moreRepliesThanTheBufferHolds() throws IOException {
        Bytes client = new Bytes();
        for (int i = 0; i < 50; i++) {
            client.read(i, i * 1000L, 50_000);
        }
        System.arraycopy(Bytes.random(2, 200_000), 0, export.content, 0, 200_000);
        ServerBytes said = play(client);
        for (int i = 0; i < 50; i++) {
            said.expectData(i, Arrays.copyOfRange(export.content, i * 1000, i * 1000 + 50_000));
        }
    }

    /** Every command in one stream, cut at each byte boundary: replies and content must not depend on it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void cutAnywhere(boolean structured) throws IOException {
        Bytes client = new Bytes()
                .write(1, 100, Bytes.random(3, 200))
                .read(2, 90, 300)
                .request(NBD_CMD_TRIM, 0, 3, 150, 20)
                .write(4, (1 << 16) - 10, Bytes.random(4, 30))
                .request(NBD_CMD_WRITE_ZEROES, NBD_CMD_FLAG_FAST_ZERO, 5, 120, 10)
                .request(NBD_CMD_FLUSH, 0, 6, 0, 0)
                .write(7, 4090, Bytes.random(5, 20))
                .request(NBD_CMD_BLOCK_STATUS, 0, 8, 0, 8192)
                .read(9, 4080, 40)
                .request(99, 0, 10, 0, 0)
                .write(11, 0)
                .disconnect();
        MemoryExport small = new MemoryExport("s", 1 << 16);
        play(small, structured, SMALL_BUFFER, client);
        byte[] replies = channel.sentBytes();
        byte[] content = small.content.clone();
        for (int cut = 1; cut < client.array().length; cut++) {
            MemoryExport again = new MemoryExport("s", 1 << 16);
            play(again, structured, SMALL_BUFFER, client, cut);
            assertArrayEquals(replies, channel.sentBytes(), "cut at " + cut);
            assertArrayEquals(content, again.content, "cut at " + cut);
        }
    }

    /** A WRITE many times the receive buffer, arriving in odd pieces at odd offsets. */
    @Test
    void aLargeWriteStreamsThroughASmallBuffer() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 20; round++) {
            byte[] data = Bytes.random(seed + round, 1 + random.nextInt(2 << 20));
            int offset = random.nextInt(SIZE - data.length);
            Bytes client = new Bytes().write(7, offset, data).read(8, offset, 10);
            int[] cuts = random.ints(30, 1, client.array().length).sorted().toArray();
            ServerBytes said = play(export, false, SMALL_BUFFER, client, cuts);
            said.expect(7, 0);
            byte[] stored = Arrays.copyOfRange(export.content, offset, offset + data.length);
            assertArrayEquals(data, stored, "seed " + seed + ", round " + round);
        }
    }

    @Test
    void errorsLeaveTheConnectionInStep() throws IOException {
        byte[] data = Bytes.random(6, 5000);
        export.broken(8192, 8193, NBD_ENOSPC);
        ServerBytes said = play(new Bytes()
                .write(1, SIZE - 4999, data)
                .write(2, 4096, data)
                .read(3, SIZE - 1, 2)
                .read(4, 8000, 500)
                .request(NBD_CMD_TRIM, 0, 5, 8192, 1)
                .request(NBD_CMD_WRITE, 64, 6, 0, 5000, data)
                .request(4711, 0, 7, 0, 0)
                .read(8, 0, 16));
        said.expect(1, NBD_ENOSPC);
        said.expect(2, NBD_ENOSPC);
        said.expect(3, NBD_EINVAL);
        said.expect(4, NBD_ENOSPC);
        said.expect(5, NBD_ENOSPC);
        said.expect(6, NBD_EINVAL);
        said.expect(7, NBD_EINVAL);
        said.expectData(8, new byte[16]);
        said.expectEnd();
    }

    @Test
    void anErrorInTheMiddleOfAStreamedWriteIsRemembered() throws IOException {
        byte[] data = Bytes.random(7, 1 << 20);
        export.broken(100_000, 100_001, NBD_EIO);
        ServerBytes said =
                play(export, false, SMALL_BUFFER, new Bytes().write(1, 0, data).read(2, 0, 4096));
        said.expect(1, NBD_EIO);
        said.expectData(2, Arrays.copyOf(data, 4096));
    }

    @Test
    void aReadOnlyExportTakesThePayloadAndRefuses() throws IOException {
        MemoryExport readOnly = new MemoryExport("r", SIZE, true);
        Bytes client = new Bytes().write(1, 0, new byte[9999]).request(NBD_CMD_TRIM, 0, 2, 0, 1);
        ServerBytes said = play(readOnly, false, 1 << 16, client.read(3, 0, 4));
        said.expect(1, NBD_EPERM);
        said.expect(2, NBD_EPERM);
        said.expectData(3, new byte[4]);
    }

    @Test
    void aWriteAboveTheLargestPayloadIsSkippedUpToABound() throws IOException {
        byte[] large = new byte[MAXIMUM_PAYLOAD + 1];
        ServerBytes said = play(new Bytes().write(1, 0, large).read(2, 0, 4));
        said.expect(1, NBD_EINVAL);
        said.expectData(2, new byte[4]);
        Bytes denial = new Bytes().request(NBD_CMD_WRITE, 0, 1, 0, MAXIMUM_SKIPPED_PAYLOAD + 1L);
        assertThrows(ProtocolException.class, () -> play(denial));
    }

    @Test
    void nothingBehindADisconnectIsServed() throws IOException {
        ServerBytes said = play(new Bytes().read(1, 0, 4).disconnect().read(2, 0, 4));
        said.expectData(1, new byte[4]);
        said.expectEnd();
    }

    @Test
    void onTheWayOutEverythingIsRefused() throws IOException {
        context.shutDown();
        Bytes client = new Bytes().write(1, 0, new byte[100_000]).read(2, 0, 4);
        ServerBytes said = play(export, false, 1 << 14, client.request(NBD_CMD_FLUSH, 0, 3, 0, 0));
        said.expect(1, NBD_ESHUTDOWN);
        said.expect(2, NBD_ESHUTDOWN);
        said.expect(3, NBD_ESHUTDOWN);
    }

    @Test
    void structuredReadsTellDataHolesAndErrors() throws IOException {
        byte[] data = Bytes.random(8, 4096);
        export.broken(20_000, 20_001, NBD_EIO);
        ServerBytes said = playStructured(new Bytes()
                .write(1, 4096, data)
                .read(2, 4096, 4096)
                .read(3, 8192, 8192)
                .read(4, 4095, 2)
                .request(NBD_CMD_READ, NBD_CMD_FLAG_DF, 5, 0, MAXIMUM_UNFRAGMENTED + 1)
                .read(6, 5000, 0)
                .write(7, 20_000, data)
                .read(8, SIZE, 1));
        expect(said, 1, Reply.SIMPLE, new Bytes());
        expect(said, 2, NBD_REPLY_TYPE_OFFSET_DATA, new Bytes().u64(4096).raw(data));
        expect(said, 3, NBD_REPLY_TYPE_OFFSET_HOLE, new Bytes().u64(8192).u32(8192));
        expect(said, 4, NBD_REPLY_TYPE_OFFSET_DATA, new Bytes().u64(4095).raw((byte) 0, data[0]));
        expect(said, 5, NBD_REPLY_TYPE_ERROR, new Bytes().u32(NBD_EOVERFLOW).u16(0));
        expect(said, 6, NBD_REPLY_TYPE_NONE, new Bytes());
        expect(said, 7, NBD_REPLY_TYPE_ERROR, new Bytes().u32(NBD_EIO).u16(0));
        expect(said, 8, NBD_REPLY_TYPE_ERROR, new Bytes().u32(NBD_EINVAL).u16(0));
        said.expectEnd();
    }

    @Test
    void aStructuredReadErrorTellsWhere() throws IOException {
        playStructured(new Bytes().write(1, 4096, Bytes.random(9, 4096)));
        export.broken(5000, 5001, NBD_EIO);
        ServerBytes said = playStructured(new Bytes().read(2, 4096, 4096));
        Bytes payload = new Bytes().u32(NBD_EIO).u16(0).u64(4096);
        expect(said, 2, NBD_REPLY_TYPE_ERROR_OFFSET, payload);
    }

    private static void expect(ServerBytes said, long cookie, int type, Bytes payload) throws IOException {
        Reply reply = said.reply();
        assertEquals(cookie, reply.cookie());
        assertEquals(type, reply.type(), "cookie " + cookie);
        assertTrue(reply.last());
        assertArrayEquals(payload.array(), reply.payload(), "cookie " + cookie);
    }

    @Test
    void blockStatusJoinsSlotsOfOneKind() throws IOException {
        int hole = NBD_STATE_HOLE | NBD_STATE_ZERO;
        playStructured(new Bytes().write(1, 8192, new byte[8192]).write(2, 40_960, new byte[1]));
        ServerBytes said = playStructured(new Bytes()
                .request(NBD_CMD_BLOCK_STATUS, 0, 3, 100, 50_000)
                .request(NBD_CMD_BLOCK_STATUS, NBD_CMD_FLAG_REQ_ONE, 4, 8192, 50_000)
                .request(NBD_CMD_BLOCK_STATUS, 0, 5, 12_287, 2));
        Bytes extents =
                new Bytes().u32(Slots.CONTEXT_ID).u32(8092).u32(hole).u32(8192).u32(0);
        extents.u32(24_576).u32(hole).u32(4096).u32(0).u32(5044).u32(hole);
        expect(said, 3, NBD_REPLY_TYPE_BLOCK_STATUS, extents);
        expect(
                said,
                4,
                NBD_REPLY_TYPE_BLOCK_STATUS,
                new Bytes().u32(1).u32(8192).u32(0));
        expect(said, 5, NBD_REPLY_TYPE_BLOCK_STATUS, new Bytes().u32(1).u32(2).u32(0));
    }

    @Test
    void blockStatusIsCutShortWhenThereAreTooManyExtents() throws IOException {
        MemoryExport large = new MemoryExport("l", (MAXIMUM_EXTENTS + 10) * 4096);
        Bytes writes = new Bytes();
        for (int slot = 0; slot < MAXIMUM_EXTENTS + 10; slot += 2) {
            writes.write(slot, slot * 4096L, (byte) 1);
        }
        writes.request(NBD_CMD_BLOCK_STATUS, 0, -1, 0, large.size());
        ServerBytes said = play(large, true, 1 << 20, writes);
        Reply reply = said.reply();
        while (reply.cookie() >= 0) {
            reply = said.reply();
        }
        assertEquals(4 + 8 * MAXIMUM_EXTENTS, reply.payload().length);
    }
}
