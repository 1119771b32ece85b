package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** Clients that misbehave before they are attached. */
class HandshakeAbuseTest extends AbuseTest {
    private static final int[] OPTIONS = {
        NBD_OPT_INFO,
        NBD_OPT_GO,
        NBD_OPT_LIST,
        NBD_OPT_STRUCTURED_REPLY,
        NBD_OPT_LIST_META_CONTEXT,
        NBD_OPT_SET_META_CONTEXT
    };

    private static final long ALL_ONES = 0xffff_ffffL;

    /** Long enough for the tests that do not wait for its end. */
    @Override
    Duration handshakeLimit() {
        return Duration.ofSeconds(2);
    }

    @Test
    void unknownClientFlags() throws IOException {
        for (long flags : new long[] {4, 0x8000_0003L, 0x0001_0003L, ALL_ONES}) {
            RawClient abuser = connected();
            abuser.in.greeting();
            abuser.send(new Bytes().u32(flags));
            abuser.in.expectEnd();
        }
    }

    @Test
    void badOptionMagic() throws IOException {
        for (long magic : new long[] {0, IHAVEOPT + 1, NBDMAGIC, -1}) {
            RawClient abuser = negotiating();
            abuser.send(new Bytes().u64(magic).u32(NBD_OPT_LIST).u32(0));
            abuser.in.expectEnd();
        }
    }

    @Test
    void optionOfTwoBytes() throws IOException {
        RawClient abuser = negotiating();
        abuser.send(new Bytes().option(NBD_OPT_STRUCTURED_REPLY));
        assertEquals(NBD_REP_ACK, abuser.in.optionReply().type());
        for (int option : OPTIONS) {
            abuser.send(new Bytes().option(option, (byte) 0, (byte) 1));
            expectRefusal(abuser, option, NBD_REP_ERR_INVALID);
        }
        expectGranted(abuser);
    }

    @Test
    void optionOfOneByteTooMany() throws IOException {
        RawClient abuser = negotiating();
        for (int option : OPTIONS) {
            abuser.send(new Bytes().option(option, new byte[MAXIMUM_OPTION_DATA + 1]));
            expectRefusal(abuser, option, NBD_REP_ERR_TOO_BIG);
        }
        assertNothingTaken();
        expectGranted(abuser);
    }

    @Test
    void optionOfFourGibibytes() throws IOException {
        for (int option : OPTIONS) {
            RawClient abuser = negotiating();
            abuser.send(new Bytes().u64(IHAVEOPT).u32(option).u32(ALL_ONES));
            abuser.in.expectEnd();
        }
    }

    @Test
    void goWithANameBeyondItsOption() throws IOException {
        refuse(NBD_OPT_GO, new Bytes().u32(7).text("target").u16(0));
    }

    @Test
    void goWithANameBeyondTheLongest() throws IOException {
        refuse(NBD_OPT_GO, new Bytes().raw(Bytes.go("x".repeat(MAXIMUM_STRING + 1))));
    }

    @Test
    void goWithANameOfFourGibibytes() throws IOException {
        refuse(NBD_OPT_GO, new Bytes().u32(ALL_ONES).text("target").u16(0));
        refuse(NBD_OPT_GO, new Bytes().u32(0x8000_0000L).text("target").u16(0));
    }

    @Test
    void listWithAPayload() throws IOException {
        refuse(NBD_OPT_LIST, new Bytes().text("target"));
    }

    @Test
    void metaContextWithFourBillionQueries() throws IOException {
        for (int option : new int[] {NBD_OPT_LIST_META_CONTEXT, NBD_OPT_SET_META_CONTEXT}) {
            RawClient abuser = negotiating();
            abuser.send(new Bytes().option(NBD_OPT_STRUCTURED_REPLY));
            assertEquals(NBD_REP_ACK, abuser.in.optionReply().type());
            Bytes queries = new Bytes().string("target").u32(ALL_ONES);
            abuser.send(new Bytes().option(option, queries.array()));
            expectRefusal(abuser, option, NBD_REP_ERR_INVALID);
            // As many empty ones as there is room for, so that the count is believed for a while.
            queries.raw(new byte[MAXIMUM_OPTION_DATA - queries.array().length]);
            abuser.send(new Bytes().option(option, queries.array()));
            expectRefusal(abuser, option, NBD_REP_ERR_INVALID);
            assertNothingTaken();
            expectGranted(abuser);
        }
    }

    @Test
    void fiveThousandOptions() throws IOException {
        RawClient abuser = negotiating();
        Bytes options = new Bytes();
        for (int i = 0; i < 5000; i++) {
            options.option(NBD_OPT_LIST);
        }
        // The server may hang up before all of it is sent.
        Thread sender = Thread.ofPlatform()
                .start(() -> assertThrows(IOException.class, () -> {
                    while (true) {
                        abuser.send(options);
                    }
                }));
        for (int i = 0; i < MAXIMUM_OPTIONS; i++) {
            assertEquals(NBD_REP_SERVER, abuser.in.optionReply().type());
            assertEquals(NBD_REP_SERVER, abuser.in.optionReply().type());
            assertEquals(NBD_REP_ACK, abuser.in.optionReply().type());
        }
        assertThrows(IOException.class, abuser.in::optionReply);
        TestServer.await(() -> !sender.isAlive());
    }

    @Test
    void aHandshakeThatStopsHalfWay() throws IOException {
        byte[] whole = new Bytes()
                .u32(NBD_FLAG_C_FIXED_NEWSTYLE)
                .option(NBD_OPT_GO, Bytes.go("target"))
                .array();
        List<RawClient> stopped = new ArrayList<>();
        for (int sent = 0; sent < whole.length; sent++) {
            RawClient abuser = connected();
            abuser.send(new Bytes().raw(java.util.Arrays.copyOf(whole, sent)));
            stopped.add(abuser);
        }
        assertBounded(stopped.size());
        serveBystander();
        for (RawClient abuser : stopped) {
            abuser.in.greeting();
            abuser.in.expectEnd();
        }
    }

    /** Only as many as may be connected are let in; all are ended, and then others are let in again. */
    @Test
    void aThousandIdleHandshakes() throws IOException {
        List<RawClient> idle = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            idle.add(connected());
            if (i % 100 == 0) {
                assertBounded(Limits.DEFAULT.connections() - 1);
                serveBystander();
            }
        }
        for (RawClient abuser : idle) {
            abuser.in.skipToEnd();
        }
        TestServer.await(() -> server.server.connections() == 1);
        expectServed(attached());
    }

    @Test
    void aHandshakeOfOneByteAtATime() throws IOException {
        RawClient abuser = connected();
        byte[] options = new Bytes().u32(3).option(NBD_OPT_LIST).array();
        assertThrows(IOException.class, () -> {
            for (int i = 0; ; i = Math.min(i + 1, options.length - 1)) {
                abuser.send(new Bytes().raw(options[i]));
                serveBystander();
                LockSupport.parkNanos(150_000_000);
            }
        });
    }

    private void refuse(int option, Bytes data) throws IOException {
        RawClient abuser = negotiating();
        abuser.send(new Bytes().option(option, data.array()));
        expectRefusal(abuser, option, NBD_REP_ERR_INVALID);
        assertNothingTaken();
        expectGranted(abuser);
    }

    private static void expectRefusal(RawClient abuser, int option, int error) throws IOException {
        ServerBytes.OptionReply reply = abuser.in.optionReply();
        assertEquals(option, reply.option());
        assertEquals(error, reply.type());
    }

    /** After all that, the connection is in step. */
    private static void expectGranted(RawClient abuser) throws IOException {
        abuser.send(new Bytes().option(NBD_OPT_GO, Bytes.go("target")));
        assertEquals(NBD_REP_INFO, abuser.in.optionReply().type());
        assertEquals(NBD_REP_ACK, abuser.in.optionReply().type());
        abuser.send(new Bytes().disconnect());
        abuser.in.expectEnd();
    }

    private static void expectServed(RawClient client) throws IOException {
        client.send(new Bytes().read(1, 0, 16));
        client.in.expectData(1, new byte[16]);
    }
}
