package dev.ramzswap.nbd.fence;

import static dev.ramzswap.nbd.wire.Protocol.NBD_CMD_FLUSH;
import static dev.ramzswap.nbd.wire.Protocol.NBD_CMD_TRIM;
import static dev.ramzswap.nbd.wire.Protocol.NBD_CMD_WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ramzswap.linux.PeerCredentials;
import dev.ramzswap.nbd.Bytes;
import dev.ramzswap.nbd.ClientListener;
import dev.ramzswap.nbd.Limits;
import dev.ramzswap.nbd.MemoryExport;
import dev.ramzswap.nbd.MemoryExport.Stall;
import dev.ramzswap.nbd.RawClient;
import dev.ramzswap.nbd.TestServer;
import dev.ramzswap.nbd.export.ExportSession;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the kernel does with a connection that does not answer in time: it cuts it, and asks another one again. */
@Timeout(30)
class FenceTest {
    private static final int SLOT = 4096;
    private static final byte[] OLD = Bytes.random(1, SLOT);
    private static final byte[] NEW = Bytes.random(2, SLOT);
    /** For a server that does not wait to be caught: the longer, the surer. */
    private static final long GRACE_NANOS = 100_000_000;

    private static final int ROUNDS = 100;
    private static final int SLOTS = 16;
    private static final int MAXIMUM_DELAY_NANOS = 100_000;

    private final MemoryExport export = new MemoryExport("x", 1 << 20);
    private final List<String> ends = new CopyOnWriteArrayList<>();
    private TestServer server;
    private RawClient first;
    private RawClient second;

    private final class Ends implements ClientListener {
        @Override
        public void left(String export, PeerCredentials peer, boolean saidGoodbye) {
            ends.add(saidGoodbye ? "left" : "lost");
        }
    }

    @BeforeEach
    void attach(@TempDir Path directory) throws IOException {
        server = new TestServer(directory, Limits.DEFAULT, new Ends(), export);
        first = server.attach();
        second = server.attach();
        TestServer.await(() -> export.sessions.get() == 2); // a handshake ends for the client before it does here
    }

    @AfterEach
    void detach() throws IOException {
        first.close();
        second.close();
        TestServer.await(() -> server.connections() == 0);
        assertEquals(0, export.sessions.get());
        assertEquals(0, server.memoryInUse());
        server.close();
    }

    private static void cut(RawClient client) throws IOException {
        client.channel.shutdownInput().shutdownOutput();
    }

    private CompletableFuture<Void> replayThenWriteNew(int slot) throws IOException {
        return replayThenWriteNew(second, slot);
    }

    /** Asks another connection for the same again, then for something newer. */
    private static CompletableFuture<Void> replayThenWriteNew(RawClient other, int slot) throws IOException {
        long offset = (long) slot * SLOT;
        other.send(new Bytes().write(8, offset, OLD));
        return CompletableFuture.runAsync(() -> {
            try {
                other.in.expect(8, ExportSession.OK);
                other.send(new Bytes().write(9, offset, NEW));
                other.in.expect(9, ExportSession.OK);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** Ends the stall after the second connection's answers, or when these seem to wait for it. */
    private void endAfter(CompletableFuture<Void> answers, Stall stall) {
        long deadline = System.nanoTime() + GRACE_NANOS;
        TestServer.await(() -> answers.isDone() || System.nanoTime() > deadline);
        stall.end();
        answers.join();
        TestServer.await(() -> server.connections() == 1);
    }

    private byte[] slot(int slot) {
        return Arrays.copyOfRange(export.content, slot * SLOT, (slot + 1) * SLOT);
    }

    @Test
    void aWriteThatStallsDoesNotOverwriteANewerOne() throws Exception {
        Stall stall = export.stallNextWrite();
        first.send(new Bytes().write(1, SLOT, OLD));
        stall.awaitBegin();
        cut(first);
        endAfter(replayThenWriteNew(1), stall);
        assertArrayEquals(NEW, slot(1));
        assertEquals(List.of("lost"), ends);
    }

    @Test
    void norDoesOneInTheSlowLane() throws Exception {
        export.slow(0, export.size());
        Stall stall = export.stallNextWrite();
        first.send(new Bytes().write(1, SLOT, OLD));
        stall.awaitBegin();
        cut(first);
        endAfter(replayThenWriteNew(1), stall);
        assertArrayEquals(NEW, slot(1));
    }

    /** The client is still there when the reader ends the connection, so that only the slow lane is at work then. */
    @Test
    void norDoesOneInTheSlowLaneOfAConnectionThatTheServerEnds() throws Exception {
        export.slow(0, export.size());
        Stall stall = export.stallNextWrite();
        first.send(new Bytes().write(1, SLOT, OLD));
        stall.awaitBegin();
        first.send(new Bytes().raw(new byte[100]));
        TestServer.await(() -> TestServer.threads("nbd-1-read") == 0);
        cut(first);
        endAfter(replayThenWriteNew(1), stall);
        assertArrayEquals(NEW, slot(1));
    }

    /** The first slot of a WRITE stalls, the second lies unread in the socket when the connection is cut. */
    @Test
    void whatACutConnectionHasNotReadIsNotCarriedOut() throws Exception {
        Stall stall = stallWithUnread(new Bytes().raw(OLD));
        cut(first);
        endAfter(replayThenWriteNew(1), stall);
        assertArrayEquals(NEW, slot(1));
        assertEquals(List.of("lost"), ends);
    }

    /** The kernel says good-bye on all connections, then cuts them: one that is not heard would be offered again. */
    @Test
    void aGoodbyeBeforeTheCutIsHeard() throws Exception {
        Stall stall = stallWithUnread(
                new Bytes().raw(OLD).write(2, 2 * SLOT, OLD).read(3, 0, SLOT).disconnect());
        cut(first);
        stall.end();
        TestServer.await(() -> server.connections() == 1);
        assertEquals(List.of("left"), ends);
    }

    private Stall stallWithUnread(Bytes unread) throws Exception {
        Stall stall = export.stallNextWrite();
        first.send(new Bytes().request(NBD_CMD_WRITE, 0, 1, 0, 2 * SLOT, OLD));
        stall.awaitBegin();
        first.send(unread);
        return stall;
    }

    /** Its good-bye lies behind READs, whose replies cannot be sent any more. */
    @Test
    void norIsOneBehindReadsLost() throws Exception {
        export.slow(0, SLOT);
        Semaphore reads = export.holdReads();
        Bytes last = new Bytes();
        for (int i = 0; i < 300; i++) { // more than there are tasks: the reader waits in the midst of them
            last.read(i, 0, 8);
        }
        first.send(last.read(1000, 5 * SLOT, SLOT).disconnect());
        TestServer.await(() -> export.slowReads.get() == 2);
        cut(first);
        reads.release(2);
        TestServer.await(() -> server.connections() == 1);
        assertEquals(List.of("left"), ends);
    }

    /** The reader waits for a task when a reply of the slow lane fails, and the good-bye is still in the socket. */
    @Test
    void norIsOneThatWasNotReceivedYet() throws Exception {
        export.slow(0, SLOT);
        Semaphore reads = export.holdReads();
        Bytes many = new Bytes();
        for (int i = 0; i < 300; i++) {
            many.read(i, 0, 8);
        }
        first.send(many);
        TestServer.await(() -> export.slowReads.get() == 2 && isWaiting("nbd-1"));
        first.send(new Bytes().disconnect());
        cut(first);
        reads.release(2);
        TestServer.await(() -> server.connections() == 1);
        assertEquals(List.of("left"), ends);
    }

    /** For a task, that is: a thread that reads from its socket is running. */
    private static boolean isWaiting(String name) {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().equals(name) && thread.getState() == Thread.State.WAITING);
    }

    /** One slot's WRITE hangs in storage, and its connection is cut: READs, and what else changes nothing, go on. */
    @Test
    void nothingButChangesWaitsForACutConnection() throws Exception {
        Stall stall = stallAndCutFirst();
        second.send(new Bytes().read(1, 5 * SLOT, SLOT).request(NBD_CMD_FLUSH, 0, 2, 0, 0));
        second.in.expectData(1, new byte[SLOT]);
        second.in.expect(2, ExportSession.OK);
        stall.end();
        TestServer.await(() -> server.connections() == 1);
    }

    /** The same in one socket: what changes pages waits aside. */
    @Test
    void norDoReadsBehindAWriteThatWaits() throws Exception {
        Stall stall = stallAndCutFirst();
        second.send(new Bytes()
                .write(1, SLOT, OLD)
                .request(NBD_CMD_TRIM, 0, 2, 2 * SLOT, SLOT)
                .request(NBD_CMD_WRITE, 0, 3, 3 * SLOT, 2 * SLOT, NEW)
                .raw(NEW)
                .read(4, 5 * SLOT, SLOT));
        second.in.expectData(4, new byte[SLOT]);
        assertArrayEquals(new byte[SLOT], slot(3));
        stall.end();
        Set<Long> answered = new TreeSet<>();
        for (int i = 0; i < 3; i++) {
            answered.add(second.in.simpleReply().cookie());
        }
        assertEquals(Set.of(1L, 2L, 3L), answered);
        assertArrayEquals(NEW, slot(4));
        TestServer.await(() -> server.connections() == 1);
    }

    private Stall stallAndCutFirst() throws Exception {
        export.slow(0, SLOT);
        Stall stall = export.stallNextWrite();
        first.send(new Bytes().write(1, 0, OLD));
        stall.awaitBegin();
        cut(first);
        return stall;
    }

    @Test
    void aClientThatHasSentAllIsNotCut() throws Exception {
        Stall stall = export.stallNextWrite();
        first.send(new Bytes().write(1, SLOT, OLD));
        stall.awaitBegin();
        first.send(new Bytes().write(2, 2 * SLOT, NEW));
        first.channel.shutdownOutput();
        second.send(new Bytes().write(3, 0, NEW));
        second.in.expect(3, ExportSession.OK);
        stall.end();
        first.in.expect(1, ExportSession.OK);
        first.in.expect(2, ExportSession.OK);
        first.in.expectEnd();
        assertArrayEquals(NEW, slot(2));
    }

    @Test
    void oneThatWaitsAndIsCutToo() throws Exception {
        Stall stall = export.stallNextWrite();
        first.send(new Bytes().write(1, SLOT, OLD));
        stall.awaitBegin();
        cut(first);
        second.send(new Bytes().write(2, SLOT, OLD));
        cut(second);
        TestServer.await(() -> server.connections() == 1);
        try (RawClient third = server.attach()) {
            endAfter(replayThenWriteNew(third, 1), stall);
        }
        assertArrayEquals(NEW, slot(1));
    }

    /** Nothing stalls here: the cut comes at any moment of a batch. */
    @Test
    void aCutAtAnyMoment() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            try (RawClient doomed = server.attach()) {
                int slots = 1 + random.nextInt(SLOTS);
                doomed.send(writes(slots, (byte) 1));
                long moment = System.nanoTime() + random.nextInt(MAXIMUM_DELAY_NANOS);
                while (System.nanoTime() < moment) {
                    Thread.onSpinWait();
                }
                cut(doomed);
                for (byte value = 1; value <= 2; value++) {
                    second.send(writes(slots, value)); // as the kernel: not two of one slot at a time
                    for (int i = 0; i < slots; i++) {
                        assertEquals(ExportSession.OK, second.in.simpleReply().error());
                    }
                }
                TestServer.await(() -> server.connections() == 2);
                for (int i = 0; i < slots; i++) {
                    assertEquals(2, export.content[i * SLOT], "slot " + i + ", round " + round + ", seed " + seed);
                }
            }
        }
    }

    private static Bytes writes(int slots, byte value) {
        Bytes result = new Bytes();
        for (int i = 0; i < slots; i++) {
            result.write(i, (long) i * SLOT, filled(value));
        }
        return result;
    }

    private static byte[] filled(byte value) {
        byte[] page = new byte[SLOT];
        Arrays.fill(page, value);
        return page;
    }
}
