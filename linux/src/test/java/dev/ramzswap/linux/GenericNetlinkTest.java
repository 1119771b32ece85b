package dev.ramzswap.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Bytes as little-endian machines send them; spaces stand between the fields. */
class GenericNetlinkTest {
    private static final String ASK_FOR_NBD = "1c000000 1000 0500 01000000 00000000  03 01 0000  0800 0200 6e626400";

    /** As Linux 6.1 answers: name, family 0x1b, version, header size. */
    private static final String NBD_IS_1B = "34000000 1000 0000 01000000 2a000000  01 02 0000"
            + "  0800 0200 6e626400  0600 0100 1b00 0000  0800 0300 01000000  0800 0400 00000000";

    private static final String ACK_1 = ack(1, 0);
    private static final String ACK_2 = ack(2, 0);

    /** A kernel whose answers are known beforehand. */
    private static final class Script implements ByteChannel {
        final List<String> sent = new ArrayList<>();
        private final Deque<byte[]> answers = new ArrayDeque<>();
        private boolean closed;

        Script(String... datagrams) {
            for (String datagram : datagrams) {
                answers.add(bytes(datagram));
            }
        }

        @Override
        public int read(ByteBuffer into) {
            byte[] next = answers.poll();
            if (next == null) {
                return -1;
            }
            into.put(next);
            return next.length;
        }

        @Override
        public int write(ByteBuffer from) {
            byte[] message = new byte[from.remaining()];
            from.get(message);
            sent.add(HexFormat.of().formatHex(message));
            return message.length;
        }

        @Override
        public boolean isOpen() {
            return !closed;
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }

    private static String plain(String hex) {
        return hex.replace(" ", "");
    }

    /** NLMSG_ERROR with the error number, and the header of the message that it answers. */
    private static String ack(int sequence, int errno) {
        return String.format(
                "24000000 0200 0001 %02x000000 2a000000  %s  1c000000 1000 0500 %02x000000 00000000",
                sequence, HexFormat.of().toHexDigits(Integer.reverseBytes(-errno)), sequence);
    }

    @Test
    void asksForTheFamilyThenSendsToIt() throws IOException {
        Script kernel = new Script(NBD_IS_1B, ACK_1, ACK_2);
        try (GenericNetlink nbd = new GenericNetlink(kernel)) {
            nbd.call("nbd", nbd.command(2).putInt(1, 5), "nbd5");
        }
        assertEquals(
                List.of(
                        plain(ASK_FOR_NBD),
                        plain("1c000000 1b00 0500 02000000 00000000  02 01 0000  0800 0100 05000000")),
                kernel.sent);
        assertFalse(kernel.isOpen());
    }

    @Test
    void encodesEveryKindOfAttribute() throws IOException {
        Script kernel = new Script(NBD_IS_1B, ACK_1, ACK_2);
        try (GenericNetlink nbd = new GenericNetlink(kernel)) {
            nbd.call(
                    "nbd",
                    nbd.command(1)
                            .putString(10, "abcd")
                            .putLong(2, 0x123456789AL)
                            .begin(7)
                            .begin(1)
                            .putInt(1, 17)
                            .end()
                            .begin(1)
                            .putInt(1, 18)
                            .end()
                            .end(),
                    "");
        }
        assertEquals(
                plain("48000000 1b00 0500 02000000 00000000  01 01 0000"
                        + "  0900 0a00 6162636400 000000  0c00 0200 9a78563412000000"
                        + "  1c00 0780  0c00 0180 0800 0100 11000000  0c00 0180 0800 0100 12000000"),
                kernel.sent.getLast());
    }

    @Test
    void anAnswerAndItsAcknowledgementMayComeTogether() throws IOException {
        Script kernel = new Script(NBD_IS_1B + ACK_1, ACK_2);
        try (GenericNetlink nbd = new GenericNetlink(kernel)) {
            nbd.call("nbd", nbd.command(2), "");
        }
        assertEquals("1b00", kernel.sent.getLast().substring(8, 12));
    }

    @Test
    void skipsWhatBelongsToAnotherMessage() throws IOException {
        Script kernel = new Script(ack(7, Errno.EIO), NBD_IS_1B, ACK_1, ACK_1, ACK_2);
        try (GenericNetlink nbd = new GenericNetlink(kernel)) {
            nbd.call("nbd", nbd.command(2), "");
            assertThrows(EOFException.class, () -> nbd.call("nbd", nbd.command(2), ""));
        }
    }

    @Test
    void aRefusalIsItsErrorNumber() throws IOException {
        try (GenericNetlink nbd = new GenericNetlink(new Script(ack(1, Errno.ENOENT)))) {
            ErrnoException missing =
                    assertThrows(ErrnoException.class, () -> nbd.call("nbd", nbd.command(1), "CONNECT nbd0"));
            assertEquals("netlink family nbd: No such file or directory, ENOENT (2)", missing.getMessage());
        }
        try (GenericNetlink nbd = new GenericNetlink(new Script(NBD_IS_1B, ACK_1, ack(2, Errno.EBUSY)))) {
            ErrnoException busy =
                    assertThrows(ErrnoException.class, () -> nbd.call("nbd", nbd.command(1), "CONNECT nbd0"));
            assertEquals(Errno.EBUSY, busy.errno());
            assertEquals("netlink CONNECT nbd0: Device or resource busy, EBUSY (16)", busy.getMessage());
        }
    }

    @Test
    void aSecondCommandHasNothingOfTheFirst() throws IOException {
        String again = NBD_IS_1B.replace("01000000 2a", "03000000 2a");
        Script kernel = new Script(NBD_IS_1B, ACK_1, ACK_2, again, ack(3, 0), ack(4, 0));
        try (GenericNetlink nbd = new GenericNetlink(kernel)) {
            nbd.call("nbd", nbd.command(1).putString(10, "long").begin(7).putInt(1, 1), "");
            nbd.call("nbd", nbd.command(2).begin(7).putInt(1, 17).end(), "");
        }
        assertEquals(
                plain("20000000 1b00 0500 04000000 00000000  02 01 0000  0c00 0780  0800 0100 11000000"),
                kernel.sent.getLast());
    }

    private static void ask(Script kernel) throws IOException {
        try (GenericNetlink nbd = new GenericNetlink(kernel)) {
            nbd.call("nbd", nbd.command(1), "");
        }
    }

    @Test
    void brokenAnswersAreErrors() {
        for (String answer :
                List.of("10000000 1000 0000 01000000 00000000", "ff000000" + NBD_IS_1B.substring(8), "00")) {
            assertThrows(ProtocolException.class, () -> ask(new Script(answer, ACK_1)), answer);
        }
        String nameless = "1c000000 1000 0000 01000000 2a000000  01 02 0000  0800 0200 6e626400";
        assertThrows(ProtocolException.class, () -> ask(new Script(nameless, ACK_1)));
        assertThrows(ProtocolException.class, () -> ask(new Script(ACK_1)));
    }

    @Test
    void theRealKernelKnowsItsControllerAndNothingMadeUp() throws IOException {
        try (GenericNetlink controller = GenericNetlink.open()) {
            // CTRL_CMD_GETFAMILY of itself
            controller.call("nlctrl", controller.command(3).putString(2, "nlctrl"), "");
            ErrnoException missing = assertThrows(
                    ErrnoException.class,
                    () -> controller.call("nlctrl", controller.command(3).putString(2, "made-up"), ""));
            assertEquals(Errno.ENOENT, missing.errno());
        }
    }
}
