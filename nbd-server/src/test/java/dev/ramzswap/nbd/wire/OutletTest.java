package dev.ramzswap.nbd.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.nbd.export.ExportSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritableByteChannel;
import org.junit.jupiter.api.Test;

class OutletTest {
    /** Takes some bytes, fails once and then takes all, as when the kernel has no memory for a moment. */
    private static final class BreakingChannel implements WritableByteChannel {
        private final RuntimeException bug;
        private int left = 10;
        private int taken;

        /** @param bug that it fails by; null for an error of the socket's */
        BreakingChannel(RuntimeException bug) {
            this.bug = bug;
        }

        @Override
        public int write(ByteBuffer from) throws IOException {
            if (left == 0) {
                left = Integer.MAX_VALUE;
                fail();
            }
            int bytes = Math.min(left, from.remaining());
            from.position(from.position() + bytes);
            left -= bytes;
            taken += bytes;
            return bytes;
        }

        private void fail() throws IOException {
            if (bug != null) {
                throw bug;
            }
            throw new IOException("No buffer space available");
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    private static ReplyWriter writer(Outlet outlet) {
        return new ReplyWriter(outlet, ByteBuffer.allocate(2 * ReplyWriter.OVERHEAD), false);
    }

    private static void answer(ReplyWriter replies) throws IOException {
        replies.status(1, ExportSession.OK);
        replies.flush();
    }

    private static void failsOnceAndForAll(BreakingChannel channel, Class<? extends Exception> failure) {
        Outlet outlet = new Outlet(channel);
        assertThrows(failure, () -> answer(writer(outlet)));
        assertTrue(outlet.isBroken());
        assertThrows(ClosedChannelException.class, () -> answer(writer(outlet)));
        assertEquals(10, channel.taken, "the client takes what comes now for the rest of the first reply");
    }

    @Test
    void nothingFollowsAReplyOfWhichAPartWasSent() {
        failsOnceAndForAll(new BreakingChannel(null), IOException.class);
    }

    /** As out of TLS, between two records. */
    @Test
    void norIfItWasABug() {
        failsOnceAndForAll(new BreakingChannel(new IllegalStateException()), IllegalStateException.class);
    }

    @Test
    void whatIsSentInPartsIsNotBroken() throws IOException {
        BreakingChannel channel = new BreakingChannel(null);
        channel.left = 2 * Protocol.SIMPLE_REPLY_HEADER;
        Outlet outlet = new Outlet(channel);
        answer(writer(outlet));
        answer(writer(outlet));
        assertFalse(outlet.isBroken());
        assertEquals(2 * Protocol.SIMPLE_REPLY_HEADER, channel.taken);
    }
}
