package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.linux.Errno;
import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.GenericNetlink;
import dev.ramzswap.linux.NativeSocket;
import dev.ramzswap.linux.ProcessId;
import dev.ramzswap.nbd.client.ClientHandshake.Terms;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ByteChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bytes as little-endian machines send them. */
class NbdNetlinkTest {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Backend BACKEND = new Backend("a", 0x0123456789abcdefL, 2, new ProcessId(7, 890));

    /** Its text, ended by a zero byte. */
    private static final String BACKEND_ATTRIBUTE =
            "2800 0a00 72616d7a737761703a613a303132333435363738396162636465663a323a373a383930 00";

    @TempDir
    private Path directory;

    private ServerSocketChannel listener;
    private NativeSocket one;
    private NativeSocket two;
    private final Kernel kernel = new Kernel();
    private final NbdDriver driver = new NbdNetlink(() -> new GenericNetlink(kernel.opened()));

    /** Has the family under number 0x1b, and answers the command that follows by {@link #errno}. */
    private static final class Kernel implements ByteChannel {
        String command;
        int errno;
        /** What the command does. */
        Runnable effect = () -> {};

        private boolean isQuestion;
        private int sequence;
        private boolean isAnswered;
        private boolean isOpen = true;

        Kernel opened() {
            isOpen = true;
            return this;
        }

        @Override
        public int write(ByteBuffer from) {
            from.order(ByteOrder.LITTLE_ENDIAN);
            isQuestion = from.getShort(4) == 0x10;
            isAnswered = false;
            sequence = from.getInt(8);
            byte[] message = new byte[from.remaining()];
            from.get(message);
            if (!isQuestion) {
                command = HexFormat.of().formatHex(message);
                effect.run();
            }
            return message.length;
        }

        @Override
        public int read(ByteBuffer into) {
            into.order(ByteOrder.LITTLE_ENDIAN);
            if (isQuestion && !isAnswered) {
                isAnswered = true;
                header(into, 28, 0x10)
                        .putInt(0x201)
                        .putShort((short) 6)
                        .putShort((short) 1)
                        .putInt(0x1b);
                return 28;
            }
            header(into, 36, 2).putInt(isQuestion ? 0 : -errno).put(new byte[16]);
            return 36;
        }

        private ByteBuffer header(ByteBuffer into, int length, int type) {
            return into.putInt(length).putInt(type).putInt(sequence).putInt(7);
        }

        @Override
        public boolean isOpen() {
            return isOpen;
        }

        @Override
        public void close() {
            isOpen = false;
        }
    }

    @BeforeEach
    void connect() throws IOException {
        Path path = directory.resolve("s");
        listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listener.bind(UnixDomainSocketAddress.of(path));
        one = NativeSocket.connect(path, PATIENCE);
        two = NativeSocket.connect(path, PATIENCE);
    }

    @AfterEach
    void close() throws IOException {
        one.close();
        two.close();
        listener.close();
    }

    /** A sequence of bytes; FD1 and FD2 stand for descriptors. */
    private String bytes(String hex) {
        return hex.replace("FD1", number(one.fd()))
                .replace("FD2", number(two.fd()))
                .replace(" ", "");
    }

    private static String number(int value) {
        return HexFormat.of().toHexDigits(Integer.reverseBytes(value));
    }

    @Test
    void connectSaysAllThatTheDeviceIs() throws IOException {
        Timeouts timeouts = new Timeouts(Duration.ofSeconds(15), Duration.ofSeconds(60));
        driver.connect(5, new Terms(1L << 32, 0x165), timeouts, BACKEND, List.of(one, two));
        assertEquals(
                bytes("a8000000 1b00 0500 02000000 00000000  01 01 0000"
                        + "  0800 0100 05000000"
                        + "  0c00 0200 0000000001000000"
                        + "  0c00 0300 0010000000000000"
                        + "  0c00 0400 0f00000000000000"
                        + "  0c00 0500 6501000000000000"
                        + "  0c00 0600 0000000000000000"
                        + "  0c00 0800 3c00000000000000"
                        + BACKEND_ATTRIBUTE
                        + "  1c00 0780  0c00 0180 0800 0100 FD1  0c00 0180 0800 0100 FD2"),
                kernel.command);
        assertTrue(one.writeTimeout().isZero() && two.writeTimeout().isZero());
    }

    /** See docs/decisions/netlink-owner.md. */
    @Test
    void whoAttachesADeviceHasNoSocketAfterwards() throws IOException {
        Timeouts timeouts = new Timeouts(Duration.ofSeconds(15), Duration.ofSeconds(60));
        driver.connect(5, new Terms(1L << 32, 0x165), timeouts, BACKEND, List.of(one));
        assertFalse(kernel.isOpen());
        driver.reconnect(5, BACKEND, two);
        assertTrue(kernel.isOpen());
    }

    @Test
    void reconnectIsDoneWhenTheKernelHasSetItsOwnTimeout() throws IOException {
        kernel.effect = () -> {
            try {
                assertTrue(one.writeTimeout().isZero());
                one.setTimeout(Duration.ofSeconds(3));
            } catch (ErrnoException e) {
                throw new AssertionError(e);
            }
        };
        assertTrue(driver.reconnect(5, BACKEND, one));
        assertEquals(
                bytes("54000000 1b00 0500 02000000 00000000  03 01 0000"
                        + "  0800 0100 05000000"
                        + BACKEND_ATTRIBUTE
                        + "  1000 0780  0c00 0180 0800 0100 FD1"),
                kernel.command);
        kernel.effect = () -> {};
        assertFalse(driver.reconnect(5, BACKEND, one));
    }

    @Test
    void aRehearsalTellsTheRealKernelNothing() throws IOException {
        new NbdNetlink(GenericNetlink::open).rehearse(BACKEND, one);
    }

    @Test
    void disconnectNamesTheDevice() throws IOException {
        driver.disconnect(258);
        assertEquals(bytes("1c000000 1b00 0500 02000000 00000000  02 01 0000  0800 0100 02010000"), kernel.command);
    }

    @Test
    void aRefusalNamesCommandAndDevice() {
        kernel.errno = Errno.EBUSY;
        ErrnoException busy = assertThrows(
                ErrnoException.class,
                () -> driver.connect(
                        0,
                        new Terms(4096, 1),
                        new Timeouts(Duration.ofSeconds(15), Duration.ZERO),
                        BACKEND,
                        List.of(one)));
        assertEquals("netlink NBD_CMD_CONNECT of /dev/nbd0: Device or resource busy, EBUSY (16)", busy.getMessage());
    }

    /** The family is there in the machine's own network namespace alone. */
    @Test
    void whereTheKernelsNbdIsOutOfReachTheCureIsNamed() {
        kernel.errno = Errno.ENOENT;
        var e = assertThrows(IOException.class, () -> driver.disconnect(0));
        assertTrue(e.getMessage().endsWith("run this in the machine's own network namespace, not in a container's"));
    }
}
