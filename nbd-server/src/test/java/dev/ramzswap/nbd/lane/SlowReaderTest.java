package dev.ramzswap.nbd.lane;

import static dev.ramzswap.nbd.wire.Protocol.MAXIMUM_UNFRAGMENTED;
import static dev.ramzswap.nbd.wire.Protocol.NBD_EIO;
import static dev.ramzswap.nbd.wire.Protocol.SIMPLE_REPLY_HEADER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.ramzswap.nbd.MemoryExport;
import dev.ramzswap.nbd.TestServer;
import dev.ramzswap.nbd.export.ExportSession;
import dev.ramzswap.nbd.fence.Gate;
import dev.ramzswap.nbd.io.IoMemory;
import dev.ramzswap.nbd.io.IoShare;
import dev.ramzswap.nbd.wire.Negotiated;
import dev.ramzswap.nbd.wire.Outlet;
import dev.ramzswap.nbd.wire.ReplyWriter;
import dev.ramzswap.nbd.wire.Request;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritableByteChannel;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SlowReaderTest {
    private static final int PIECES = 4;

    private final MemoryExport export = new MemoryExport("x", PIECES * MAXIMUM_UNFRAGMENTED);
    private final Client client = new Client();
    private final Outlet outlet = new Outlet(client);

    /** Takes all. While its connection is being closed, another thread of that one has a reply to send. */
    private final class Client implements WritableByteChannel {
        private final CompletableFuture<IOException> secondReply = new CompletableFuture<>();
        private long taken;

        @Override
        public synchronized int write(ByteBuffer from) {
            int bytes = from.remaining();
            from.position(from.limit());
            taken += bytes;
            return bytes;
        }

        synchronized long taken() {
            return taken;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {
            try {
                ReplyWriter other = replies();
                other.status(2, ExportSession.OK);
                other.flush();
                secondReply.complete(null);
            } catch (IOException e) {
                secondReply.complete(e);
            }
        }
    }

    private ReplyWriter replies() {
        return new ReplyWriter(outlet, ByteBuffer.allocate(ReplyWriter.OVERHEAD), false);
    }

    /** A simple reply that has begun cannot tell of an error: the client would take what comes next for its data. */
    @Test
    void nothingFollowsALargeReadThatFailsTheSecondTime() throws Exception {
        Semaphore reads = export.holdReads();
        LaneMemory memory = new LaneMemory(new IoShare(new IoMemory(Set.of(), 0), false), new MemoryBudget(0), 0, 0);
        Negotiated agreed = new Negotiated(export, false, false);
        try (SlowLane lane = new SlowLane(memory, agreed, Gate.unfenced(), client, outlet)) {
            Request request = new Request();
            request.cookie = 1;
            request.length = export.size();
            lane.read(request, replies());
            reads.release(PIECES);
            TestServer.await(() -> export.slowReads.get() == PIECES + 1);
            export.broken(2 * MAXIMUM_UNFRAGMENTED, export.size(), NBD_EIO);
            reads.release(PIECES);
            assertInstanceOf(ClosedChannelException.class, client.secondReply.get());
        }
        assertEquals(SIMPLE_REPLY_HEADER + 2L * MAXIMUM_UNFRAGMENTED, client.taken());
    }
}
