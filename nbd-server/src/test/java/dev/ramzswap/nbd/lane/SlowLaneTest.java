package dev.ramzswap.nbd.lane;

import static dev.ramzswap.nbd.wire.Protocol.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.nbd.Bytes;
import dev.ramzswap.nbd.Limits;
import dev.ramzswap.nbd.MemoryExport;
import dev.ramzswap.nbd.RawClient;
import dev.ramzswap.nbd.ServerBytes;
import dev.ramzswap.nbd.ServerBytes.Reply;
import dev.ramzswap.nbd.TestServer;
import dev.ramzswap.nbd.export.ExportSession;
import dev.ramzswap.nbd.wire.ReplyWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class SlowLaneTest {
    private static final int SIZE = 40 << 20;
    private static final long BASE_MEMORY = (2 << 20) + ReplyWriter.OVERHEAD;

    private final MemoryExport export = new MemoryExport("x", SIZE);
    private TestServer server;

    @TempDir
    private Path directory;

    private RawClient attach(Limits limits, boolean structured) throws IOException {
        server = new TestServer(directory, limits, export);
        return RawClient.attached(server.address, "", structured);
    }

    private RawClient attach() throws IOException {
        return attach(Limits.DEFAULT, false);
    }

    @AfterEach
    void nothingIsLeft() {
        TestServer.await(() -> server.connections() == 0);
        assertEquals(0, export.sessions.get());
        assertEquals(0, server.memoryInUse());
        server.close();
        TestServer.await(() -> TestServer.threads("nbd-") == 0);
    }

    @Test
    void whatWouldWaitIsServedAllTheSame() throws IOException {
        export.slow(0, SIZE);
        byte[] data = Bytes.random(1, 200_000);
        try (RawClient client = attach()) {
            client.send(new Bytes().write(1, 1000, data));
            client.in.expect(1, 0);
            client.send(new Bytes().read(2, 1000, data.length));
            client.in.expectData(2, data);
            client.send(new Bytes().request(NBD_CMD_TRIM, 0, 3, 0, SIZE));
            client.in.expect(3, 0);
        }
        assertArrayEquals(new byte[SIZE], export.content);
        assertTrue(export.slowReads.get() > 0 && export.slowWrites.get() > 0);
    }

    @Test
    void aFastRequestOvertakesASlowOne() throws IOException {
        Semaphore reads = export.slow(0, 1).holdReads();
        try (RawClient client = attach()) {
            client.send(new Bytes().read(1, 0, 4).read(2, 4096, 4));
            client.in.expectData(2, new byte[4]);
            reads.release();
            client.in.expectData(1, new byte[4]);
        }
    }

    @Test
    void aSlowReadOvertakesBlockedWrites() throws IOException {
        Semaphore writes = export.slow(0, SIZE).holdWrites();
        int count = 100;
        try (RawClient client = attach()) {
            Bytes blocked = new Bytes();
            for (int i = 0; i < count; i++) {
                blocked.write(i, i * 4096L, Bytes.random(i, 4096));
            }
            client.send(blocked.read(1000, 30 << 20, 8));
            client.in.expectData(1000, new byte[8]);
            writes.release(count);
            Set<Long> answered = new HashSet<>();
            for (int i = 0; i < count; i++) {
                assertTrue(answered.add(client.in.simpleReply().cookie()));
            }
        }
    }

    /** Every second slot is slow at its start, so that streams go to the slow lane in their middle. */
    @Test
    void largeWritesOfAnySizeAndOffset() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        export.slow(700_000, 5 << 20);
        try (RawClient client = attach()) {
            for (int round = 0; round < 10; round++) {
                byte[] data = Bytes.random(seed + round, 1 + random.nextInt(4 << 20));
                int offset = random.nextInt(4 << 20);
                client.send(new Bytes().write(round, offset, data));
                client.in.expect(round, 0);
                byte[] stored = Arrays.copyOfRange(export.content, offset, offset + data.length);
                assertArrayEquals(data, stored, "seed " + seed + ", round " + round);
            }
        }
    }

    @Test
    void theFirstErrorOfAPartIsTheWritesError() throws IOException {
        export.slow(0, SIZE).broken(300_000, 300_001, NBD_ENOSPC);
        try (RawClient client = attach()) {
            client.send(new Bytes().write(1, 0, Bytes.random(1, 1 << 20)).read(2, 0, 4096));
            Set<ServerBytes.SimpleReply> replies = new HashSet<>();
            ServerBytes.SimpleReply first = client.in.simpleReply();
            if (first.cookie() == 2) {
                client.in.bytes(4096);
            }
            replies.add(first);
            replies.add(client.in.simpleReply());
            assertTrue(replies.contains(new ServerBytes.SimpleReply(1, NBD_ENOSPC)));
            assertTrue(replies.contains(new ServerBytes.SimpleReply(2, ExportSession.OK)));
        }
    }

    /** The largest payload in both directions, through a connection whose memory is a part of it. */
    @Test
    void memoryInFlightIsBounded() throws IOException, InterruptedException {
        Semaphore writes = export.slow(0, SIZE).holdWrites();
        long bound = 8L * PartPool.PART_BYTES;
        byte[] data = Bytes.random(1, MAXIMUM_PAYLOAD);
        try (RawClient client = attach(Limits.DEFAULT.withMemory(bound, 1 << 30), false)) {
            Thread sender = Thread.ofPlatform().start(() -> sendQuietly(client, new Bytes().write(1, 5, data)));
            // until it is stuck: both threads in a write, all parts filled
            TestServer.await(() -> server.memoryInUse() >= BASE_MEMORY + bound && export.slowWrites.get() == 2);
            long workers = 2L * (MAXIMUM_UNFRAGMENTED + ReplyWriter.OVERHEAD) + 2L * ReplyWriter.OVERHEAD;
            assertTrue(server.memoryInUse() <= BASE_MEMORY + workers + bound);
            writes.release(Integer.MAX_VALUE / 2);
            client.in.expect(1, 0);
            sender.join();
            client.send(new Bytes().read(2, 5, MAXIMUM_PAYLOAD));
            client.in.expectData(2, data);
            assertTrue(server.memoryInUse() <= BASE_MEMORY + workers + bound);
        }
    }

    private static void sendQuietly(RawClient client, Bytes bytes) {
        try {
            client.send(bytes);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** One client has all that is shared; the other goes on with the part that is its own. */
    @Test
    void noConnectionStarvesAnother() throws IOException {
        Limits limits = Limits.DEFAULT.withMemory(1 << 20, 4L * PartPool.PART_BYTES);
        Semaphore writes = export.slow(0, SIZE).holdWrites();
        try (RawClient greedy = attach(limits, false)) {
            Bytes stuck = new Bytes();
            for (int i = 0; i < 5; i++) {
                stuck.write(i, i * 4096L, new byte[4096]);
            }
            greedy.send(stuck);
            TestServer.await(() -> export.slowWrites.get() == 2);
            try (RawClient modest = server.attach()) {
                modest.send(new Bytes().write(77, 1 << 20, Bytes.random(1, 300_000)));
                TestServer.await(() -> export.slowWrites.get() == 3);
                writes.release(1000);
                modest.in.expect(77, 0);
            }
            for (int i = 0; i < 5; i++) {
                greedy.in.simpleReply();
            }
        }
    }

    /**
     * Linux 7.0 and later merge what they swap out to as much: each such WRITE takes all that its connection prepares.
     */
    @Test
    void writesAsLargeAsTheKernelsKeepNoReadOfTheOtherConnectionWaiting() throws IOException, InterruptedException {
        Semaphore writes = export.slow(0, SIZE).holdWrites();
        byte[] data = Bytes.random(1, 4 << 20);
        try (RawClient busy = attach(Limits.SWAP, false);
                RawClient other = server.attach()) {
            Bytes large = new Bytes().write(1, 0, data).write(2, 8 << 20, data);
            Thread sender = Thread.ofPlatform().start(() -> sendQuietly(busy, large));
            TestServer.await(() -> export.slowWrites.get() == 2);
            for (int i = 0; i < 100; i++) {
                other.send(new Bytes().read(i, 30 << 20, 4096));
                other.in.expectData(i, new byte[4096]);
            }
            assertTrue(server.memoryInUse() <= 2 * (Limits.SWAP.preparedMemory() + 2 * BASE_MEMORY));
            writes.release(Integer.MAX_VALUE / 2);
            busy.in.expect(1, 0);
            busy.in.expect(2, 0);
            sender.join();
        }
    }

    @Test
    void aLargeSimpleReadMeetsItsErrorBeforeItIsAnswered() throws IOException {
        byte[] data = Bytes.random(3, 8 << 20);
        System.arraycopy(data, 0, export.content, 1, data.length);
        try (RawClient client = attach()) {
            client.send(new Bytes().read(1, 1, data.length));
            client.in.expectData(1, data);
            export.broken(7 << 20, (7 << 20) + 1, NBD_EIO);
            client.send(new Bytes().read(2, 1, data.length));
            client.in.expect(2, NBD_EIO);
            client.send(new Bytes().read(3, 0, 2));
            client.in.expectData(3, new byte[] {0, data[0]});
        }
    }

    /** Its reply has begun, so all that is left is to hang up. */
    @Test
    void aLargeSimpleReadThatFailsTheSecondTimeEndsTheConnection() throws IOException {
        Semaphore reads = export.holdReads();
        int pieces = 8;
        try (RawClient client = attach()) {
            client.send(new Bytes().read(1, 0, (long) pieces * MAXIMUM_UNFRAGMENTED));
            reads.release(pieces);
            TestServer.await(() -> export.slowReads.get() == pieces + 1);
            export.broken(1 << 20, (1 << 20) + 1, NBD_EIO);
            reads.release(pieces);
            client.in.expect(1, ExportSession.OK);
            client.in.bytes(1 << 20);
            client.in.expectEnd();
        }
    }

    @Test
    void aLargeStructuredReadComesInPiecesWithHolesAndErrors() throws IOException {
        try (RawClient client = attach(Limits.DEFAULT, true)) {
            byte[] data = Bytes.random(4, 300_000);
            client.send(new Bytes().write(1, 3 << 20, data));
            assertEquals(0, client.in.reply().error());
            client.send(new Bytes().read(2, 1 << 20, 4 << 20));
            byte[] read = new byte[4 << 20];
            int covered = 0;
            for (Reply reply = null; reply == null || !reply.last(); ) {
                reply = client.in.reply();
                covered += place(reply, 1 << 20, read);
            }
            assertEquals(read.length, covered);
            assertArrayEquals(Arrays.copyOfRange(export.content, 1 << 20, 5 << 20), read);
            export.broken(3 << 20, (3 << 20) + 1, NBD_EIO);
            client.send(new Bytes().read(3, 1 << 20, 4 << 20));
            Reply last = client.in.reply();
            while (!last.last()) {
                last = client.in.reply();
            }
            Bytes error = new Bytes().u32(NBD_EIO).u16(0).u64(3 << 20);
            assertEquals(NBD_REPLY_TYPE_ERROR_OFFSET, last.type());
            assertArrayEquals(error.array(), last.payload());
        }
    }

    /** @return how many bytes the chunk tells of */
    private static int place(Reply reply, int base, byte[] into) {
        java.nio.ByteBuffer payload = java.nio.ByteBuffer.wrap(reply.payload());
        int at = (int) payload.getLong() - base;
        if (reply.type() == NBD_REPLY_TYPE_OFFSET_HOLE) {
            return payload.getInt();
        }
        assertEquals(NBD_REPLY_TYPE_OFFSET_DATA, reply.type());
        int count = payload.remaining();
        payload.get(into, at, count);
        return count;
    }

    @Test
    void aDisconnectWaitsForWhatIsInFlight() throws IOException {
        Semaphore writes = export.slow(0, SIZE).holdWrites();
        try (RawClient client = attach()) {
            client.send(new Bytes()
                    .write(1, 0, Bytes.random(1, 2 * PartPool.PART_BYTES))
                    .disconnect());
            TestServer.await(() -> export.slowWrites.get() == 2);
            writes.release(2);
            client.in.expect(1, 0);
            client.in.expectEnd();
        }
    }

    @Test
    void aClientThatLeavesInTheMiddleLeavesNothingBehind() throws IOException {
        Semaphore writes = export.slow(0, SIZE).holdWrites();
        try (RawClient client = attach()) {
            client.send(new Bytes().write(1, 0, new byte[500_000]).read(2, 0, 5 << 20));
            client.send(new Bytes().request(NBD_CMD_WRITE, 0, 3, 0, 1000, new byte[10]));
            TestServer.await(() -> export.slowWrites.get() == 2);
        }
        writes.release(1000);
    }

    @Test
    void moreRequestsThanTasks() throws IOException {
        Semaphore reads = export.slow(0, SIZE).holdReads();
        int count = 1000;
        try (RawClient client = attach()) {
            Bytes many = new Bytes();
            for (int i = 0; i < count; i++) {
                many.read(i, i * 8L, 8);
            }
            client.send(many);
            TestServer.await(() -> export.slowReads.get() == 2);
            reads.release(count);
            Set<Long> answered = new HashSet<>();
            for (int i = 0; i < count; i++) {
                answered.add(client.in.simpleReply().cookie());
                client.in.bytes(8);
            }
            assertEquals(count, answered.size());
        }
    }

    @Test
    void aPreparedLaneIsThereBeforeTheFirstRequest() throws IOException {
        long prepared = 16L * PartPool.PART_BYTES;
        try (RawClient client = attach(Limits.DEFAULT.withPreparedMemory(prepared), false)) {
            TestServer.await(() -> export.sessions.get() == 5);
            long workers = 2L * (MAXIMUM_UNFRAGMENTED + ReplyWriter.OVERHEAD) + 2L * ReplyWriter.OVERHEAD;
            assertEquals(BASE_MEMORY + prepared + workers, server.memoryInUse());
            export.slow(0, SIZE);
            client.send(new Bytes().write(1, 0, new byte[MAXIMUM_PAYLOAD / 16]));
            client.in.expect(1, 0);
        }
    }
}
