package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.nbd.export.ExportSession;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;

/** Attached clients that send what no client may. */
class RequestAbuseTest extends AbuseTest {
    private static final int[] COMMANDS = {
        NBD_CMD_READ, NBD_CMD_WRITE, NBD_CMD_FLUSH, NBD_CMD_TRIM, NBD_CMD_CACHE, NBD_CMD_WRITE_ZEROES
    };

    private static final int[] RANGE_COMMANDS = {
        NBD_CMD_READ, NBD_CMD_TRIM, NBD_CMD_CACHE, NBD_CMD_WRITE_ZEROES, NBD_CMD_BLOCK_STATUS
    };

    private static final long TWO_GIBIBYTES = 1L << 31;

    @Test
    void badRequestMagic() throws IOException {
        for (long magic : new long[] {0, NBD_REQUEST_MAGIC + 1, NBD_SIMPLE_REPLY_MAGIC, -1}) {
            RawClient abuser = attached();
            Bytes request = new Bytes().u32(magic).u16(0).u16(NBD_CMD_READ);
            abuser.send(request.u64(1).u64(0).u32(16));
            abuser.in.expectEnd();
        }
    }

    @Test
    void commandsNotNegotiated() throws IOException {
        RawClient abuser = attached();
        abuser.send(new Bytes()
                .request(NBD_CMD_BLOCK_STATUS, 0, 1, 0, 4096)
                .request(NBD_CMD_READ, NBD_CMD_FLAG_DF, 2, 0, 4096));
        abuser.in.expect(1, NBD_EINVAL);
        abuser.in.expect(2, NBD_EINVAL);
        expectServed(abuser);
        RawClient structured = attachedStructured();
        structured.send(new Bytes().request(NBD_CMD_BLOCK_STATUS, 0, 3, 0, 4096));
        assertEquals(NBD_EINVAL, structured.in.reply().error());
    }

    @Test
    void unknownCommands() throws IOException {
        RawClient abuser = attached();
        for (int type = NBD_CMD_BLOCK_STATUS + 1; type <= 0xffff; type = 2 * type + 1) {
            abuser.send(new Bytes().request(type, 0, type, -1, 0xffff_ffffL));
            abuser.in.expect(type, NBD_EINVAL);
        }
        expectServed(abuser);
    }

    @Test
    void unknownCommandFlags() throws IOException {
        RawClient abuser = attached();
        for (int command : COMMANDS) {
            for (int flag = 1 << 5; flag <= 1 << 15; flag <<= 1) {
                byte[] payload = new byte[command == NBD_CMD_WRITE ? 512 : 0];
                abuser.send(new Bytes().request(command, flag, flag, 0, payload.length, payload));
                abuser.in.expect(flag, NBD_EINVAL);
            }
        }
        expectServed(abuser);
    }

    @Test
    void readsAndWritesPastTheEnd() throws IOException {
        RawClient abuser = attachedStructured();
        for (long offset : new long[] {SIZE - 511, SIZE, SIZE + 4096L, Long.MAX_VALUE - 512}) {
            expectAllRefused(abuser, offset, 512);
        }
        expectAllRefused(abuser, 1, SIZE);
        expectUnchanged();
    }

    @Test
    void offsetPlusLengthBeyondTwoToTheSixtyFour() throws IOException {
        RawClient abuser = attachedStructured();
        for (long offset : new long[] {-1, -512, -4096, Long.MIN_VALUE}) {
            expectAllRefused(abuser, offset, 512);
            expectAllRefused(abuser, offset, 8192);
        }
        expectUnchanged();
    }

    private void expectAllRefused(RawClient abuser, long offset, int length) throws IOException {
        for (int command : RANGE_COMMANDS) {
            abuser.send(new Bytes().request(command, 0, command, offset, length));
            ServerBytes.Reply reply = abuser.in.reply();
            assertEquals(command, reply.cookie());
            assertTrue(reply.error() != ExportSession.OK, () -> "command " + command + " at " + offset);
        }
        abuser.send(new Bytes().write(99, offset, Bytes.random(2, length)));
        ServerBytes.Reply reply = abuser.in.reply();
        assertEquals(99, reply.cookie());
        assertTrue(reply.error() == NBD_ENOSPC || reply.error() == NBD_EINVAL, () -> "WRITE at " + offset);
    }

    @Test
    void zeroLengths() throws IOException {
        RawClient abuser = attached();
        for (int command : COMMANDS) {
            for (long offset : new long[] {0, 1, SIZE}) {
                abuser.send(new Bytes().request(command, 0, command, offset, 0));
                boolean mayNotHaveOne = command == NBD_CMD_FLUSH && offset != 0;
                abuser.in.expect(command, mayNotHaveOne ? NBD_EINVAL : ExportSession.OK);
            }
            if (command != NBD_CMD_FLUSH) {
                abuser.send(new Bytes().request(command, 0, command, SIZE + 1, 0));
                assertTrue(abuser.in.simpleReply().error() != ExportSession.OK);
            }
        }
        RawClient structured = attachedStructured();
        structured.send(new Bytes().read(1, 0, 0).request(NBD_CMD_BLOCK_STATUS, 0, 2, 0, 0));
        assertEquals(NBD_REPLY_TYPE_NONE, structured.in.reply().type());
        assertEquals(NBD_EINVAL, structured.in.reply().error());
        expectUnchanged();
    }

    @Test
    void readsOfTwoGibibytes() throws IOException {
        RawClient abuser = attached();
        RawClient structured = attachedStructured();
        for (int i = 0; i < 200; i++) {
            abuser.send(new Bytes().read(i, 0, TWO_GIBIBYTES));
            abuser.in.expect(i, NBD_EINVAL);
            structured.send(new Bytes().read(i, 0, TWO_GIBIBYTES));
            assertEquals(NBD_EOVERFLOW, structured.in.reply().error());
        }
        assertBounded(2);
        expectServed(abuser);
    }

    @Test
    void aWriteOfTwoGibibytes() throws IOException {
        RawClient abuser = attached();
        abuser.send(new Bytes().request(NBD_CMD_WRITE, 0, 1, 0, TWO_GIBIBYTES));
        abuser.in.expectEnd();
    }

    /** Whole slots that have arrived may be written; the one that was cut may not, and nothing behind it. */
    @Test
    void aWriteHeaderAndHalfItsPayload() throws IOException {
        byte[] half = Bytes.random(3, (1 << 20) + 100);
        try (RawClient abuser = attached()) {
            abuser.send(new Bytes().request(NBD_CMD_WRITE, 0, 1, 0, 2L * half.length, half));
        }
        TestServer.await(() -> server.server.connections() == 1);
        byte[] behind = Arrays.copyOfRange(target.content, 1 << 20, target.content.length);
        assertArrayEquals(new byte[behind.length], behind);
    }

    @Test
    void halfTheWriteOfASlowExport() throws IOException {
        target.slow(0, SIZE);
        Semaphore gate = target.holdWrites();
        try (RawClient abuser = attached()) {
            abuser.send(new Bytes().request(NBD_CMD_WRITE, 0, 1, 0, 4 << 20, new byte[2 << 20]));
            TestServer.await(() -> target.slowWrites.get() > 0);
            assertBounded(1);
        }
        serveBystander();
        gate.release(1000);
    }

    /** The server must not mind: both are answered, each with its own bytes. */
    @Test
    void theSameCookieTwiceInFlight() throws IOException {
        target.content[0] = 1;
        target.content[8192] = 2;
        target.slow(0, 4096);
        Semaphore gate = target.holdReads();
        RawClient abuser = attached();
        abuser.send(new Bytes().read(7, 0, 1).read(7, 0, 1).read(7, 8192, 1));
        abuser.in.expectData(7, new byte[] {2});
        gate.release(2);
        abuser.in.expectData(7, new byte[] {1});
        abuser.in.expectData(7, new byte[] {1});
    }

    private void expectUnchanged() {
        assertArrayEquals(new byte[SIZE], target.content);
    }

    private static void expectServed(RawClient client) throws IOException {
        client.send(new Bytes().read(-1, 0, 16));
        client.in.expectData(-1, new byte[16]);
    }
}
