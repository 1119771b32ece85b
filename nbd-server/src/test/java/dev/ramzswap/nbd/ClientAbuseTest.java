package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.*;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ramzswap.nbd.lane.PartPool;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** Attached clients whose requests are right, and who behave as no client should: deaf, slow, gone, too many. */
class ClientAbuseTest extends AbuseTest {
    private static final int MEBIBYTE = 1 << 20;

    @Test
    void thirtyTwoReadsOfAMebibyteThenClose() throws IOException {
        for (int round = 0; round < 20; round++) {
            try (RawClient abuser = attached()) {
                abuser.send(reads(32, MEBIBYTE));
            }
        }
        serveBystander();
    }

    @Test
    void aHundredAndTwentyEightReadsOf32MebibytesByAClientThatNeverReads() throws IOException {
        try (RawClient deaf = attached();
                RawClient deafStructured = attachedStructured()) {
            target.slow(0, 4096); // nothing tells that it is a hole
            deaf.send(reads(128, MAXIMUM_PAYLOAD));
            deafStructured.send(reads(128, MAXIMUM_PAYLOAD));
            TestServer.await(() -> target.slowReads.get() > 0);
            for (int i = 0; i < 20; i++) {
                serveBystander();
                assertBounded(2);
            }
        }
    }

    /** As many as may be connected, with all that each may have in flight, in both directions. */
    @Test
    void allConnectionsTakeAllTheyCan() throws IOException {
        target.slow(0, SIZE);
        var reads = target.holdReads();
        var writes = target.holdWrites();
        int abusers = Limits.DEFAULT.connections() - 1;
        List<Thread> senders = new ArrayList<>();
        for (int i = 0; i < abusers; i++) {
            RawClient abuser = attached();
            senders.add(Thread.ofPlatform().start(() -> sendUntilClosed(abuser)));
        }
        TestServer.await(() -> target.slowWrites.get() >= abusers && target.slowReads.get() >= 2 * abusers);
        for (int i = 0; i < 10; i++) {
            serveBystander();
            assertBounded(abusers);
        }
        closeAbusers();
        reads.release(Integer.MAX_VALUE);
        writes.release(Integer.MAX_VALUE);
        TestServer.await(() -> senders.stream().noneMatch(Thread::isAlive));
    }

    private static void sendUntilClosed(RawClient abuser) {
        assertThrows(IOException.class, () -> {
            abuser.send(reads(2, MAXIMUM_PAYLOAD));
            while (true) {
                abuser.send(new Bytes().write(1, 0, new byte[PartPool.PART_BYTES]));
            }
        });
    }

    @Test
    void requestsOfOneByteAtATime() throws IOException {
        RawClient slow = attached();
        for (byte one : new Bytes().read(1, 0, 16).array()) {
            slow.send(new Bytes().raw(one));
            serveBystander();
            LockSupport.parkNanos(10_000_000);
        }
        slow.in.expectData(1, new byte[16]);
    }

    @Test
    void aClientThatSendsNoMoreGetsItsReplies() throws IOException {
        target.slow(0, 4096);
        RawClient abuser = attached();
        abuser.send(new Bytes().read(1, 0, 16));
        abuser.channel.shutdownOutput();
        abuser.in.expectData(1, new byte[16]);
        abuser.in.expectEnd();
        RawClient inHandshake = negotiating();
        inHandshake.channel.shutdownOutput();
        inHandshake.in.expectEnd();
        RawClient inPayload = attached();
        inPayload.send(new Bytes().request(NBD_CMD_WRITE, 0, 1, 0, 4096, new byte[100]));
        inPayload.channel.shutdownOutput();
        inPayload.in.expectEnd();
    }

    @Test
    void aClientThatReceivesNoMoreIsGivenUp() throws IOException {
        for (int length : new int[] {16, MAXIMUM_PAYLOAD}) {
            RawClient abuser = attached();
            abuser.channel.shutdownInput();
            abuser.send(new Bytes().read(1, 0, length));
            TestServer.await(() -> server.server.connections() == 1);
        }
    }

    @Test
    void aThousandClientsThatConnectAndVanish() throws IOException {
        for (int i = 0; i < 1000; i++) {
            new RawClient(server.address).close();
            if (i % 100 == 0) {
                assertBounded(Limits.DEFAULT.connections() - 1);
                serveBystander();
            }
        }
    }

    /** All that a client has to say, at once; nobody waits for the answer. */
    @Test
    void aThousandClientsThatAttachAskAndVanish() throws IOException {
        Bytes all = new Bytes().u32(NBD_FLAG_C_FIXED_NEWSTYLE).option(NBD_OPT_GO, Bytes.go("target"));
        all.raw(reads(4, MEBIBYTE).array());
        for (int i = 0; i < 1000; i++) {
            try (RawClient abuser = new RawClient(server.address)) {
                abuser.send(all);
            } catch (IOException e) { // one connection too many, until it is noticed that those before it are gone
                LockSupport.parkNanos(1_000_000);
            }
            if (i % 100 == 0) {
                assertBounded(Limits.DEFAULT.connections() - 1);
                serveBystander();
            }
        }
    }

    private static Bytes reads(int count, long length) {
        Bytes reads = new Bytes();
        for (int i = 0; i < count; i++) {
            reads.read(i, 0, length);
        }
        return reads;
    }
}
