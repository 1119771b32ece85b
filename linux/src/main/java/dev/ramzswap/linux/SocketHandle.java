package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;

/**
 * A descriptor of one's own for the Unix socket of a {@link SocketChannel}. It stays valid until it is closed, whatever
 * becomes of the channel; the client sees the end of the connection when both are closed.
 *
 * <p>Java has no public way from a channel to its descriptor. So this marks the socket by an option that the channel
 * can set and that does nothing to a Unix socket (SO_LINGER), and takes the descriptor that shows the mark.
 */
public final class SocketHandle implements AutoCloseable {
    /** Seconds; what nobody would set. */
    private static final int MARK = 0x5A5A;

    /** struct linger: whether, seconds. */
    private static final int LINGER_BYTES = 2 * Integer.BYTES;

    /** struct ucred: process, user, group. */
    private static final int UCRED_BYTES = 3 * Integer.BYTES;

    /** The kernel's default for {@code fs.nr_open}. */
    private static final int MAX_DESCRIPTORS = 1 << 20;

    /** Between two looks whether the channel is still open. */
    private static final int LOOK_DESCRIPTORS = 64;

    private final int fd;

    private SocketHandle(int fd) {
        this.fd = fd;
    }

    /**
     * Thread-safe; another thread may close the channel meanwhile.
     *
     * @param channel open, of a Unix socket; its SO_LINGER is off afterwards
     * @throws IOException if it is not open, or no descriptor is left
     */
    public static synchronized SocketHandle of(SocketChannel channel) throws IOException {
        channel.setOption(StandardSocketOptions.SO_LINGER, MARK);
        try (Arena arena = Arena.ofConfined()) {
            return new SocketHandle(
                    copyOfMarked(channel, arena.allocate(LINGER_BYTES, Integer.BYTES), arena.allocate(JAVA_INT)));
        } catch (IOException | RuntimeException | Error e) {
            // No copy is left: if the channel cannot be asked any more, the socket is gone, and the mark with it.
            channel.setOption(StandardSocketOptions.SO_LINGER, -1);
            throw e;
        }
    }

    private static int copyOfMarked(SocketChannel channel, MemorySegment linger, MemorySegment length)
            throws IOException {
        int copy = LinuxFile.fcntl(marked(channel, linger, length), LinuxFile.F_DUPFD_CLOEXEC, 0);
        if (copy < 0) {
            throw new ErrnoException("fcntl(F_DUPFD_CLOEXEC)", "socket", -copy);
        }
        try {
            unmark(copy, linger, length);
            return copy;
        } catch (IOException | RuntimeException | Error e) {
            LinuxFile.close(copy);
            throw e;
        }
    }

    /** By its own descriptor: the channel may be closed by now, and its number another's since before the copy. */
    private static void unmark(int copy, MemorySegment linger, MemorySegment length) throws IOException {
        if (!isMarked(copy, linger, length)) {
            throw new ClosedChannelException();
        }
        int result = LinuxSocket.setsockopt(copy, LinuxSocket.SOL_SOCKET, LinuxSocket.SO_LINGER, linger.fill((byte) 0));
        if (result < 0) {
            throw new ErrnoException("setsockopt(SO_LINGER)", "socket", -result);
        }
    }

    /** Of a channel that was closed meanwhile there is none, and to look at all would take a quarter of a second. */
    private static int marked(SocketChannel channel, MemorySegment linger, MemorySegment length) throws IOException {
        for (int fd = 0; fd < MAX_DESCRIPTORS; fd++) {
            if (isMarked(fd, linger, length)) {
                return fd;
            }
            if (fd % LOOK_DESCRIPTORS == 0 && !channel.isOpen()) {
                throw new ClosedChannelException();
            }
        }
        throw new IOException("no descriptor below " + MAX_DESCRIPTORS + " is that of the socket");
    }

    private static boolean isMarked(int fd, MemorySegment linger, MemorySegment length) {
        length.set(JAVA_INT, 0, LINGER_BYTES);
        return LinuxSocket.getsockopt(fd, LinuxSocket.SOL_SOCKET, LinuxSocket.SO_LINGER, linger, length) >= 0
                && linger.get(JAVA_INT, 0) != 0
                && linger.get(JAVA_INT, Integer.BYTES) == MARK;
    }

    /**
     * Who has connected, or whom this has connected to.
     *
     * @throws ErrnoException if that is not a Unix socket
     */
    public PeerCredentials peer() throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment credentials = arena.allocate(UCRED_BYTES, Integer.BYTES);
            MemorySegment length = arena.allocateFrom(JAVA_INT, UCRED_BYTES);
            int result =
                    LinuxSocket.getsockopt(fd, LinuxSocket.SOL_SOCKET, LinuxSocket.SO_PEERCRED, credentials, length);
            if (result < 0) {
                throw new ErrnoException("getsockopt(SO_PEERCRED)", "socket", -result);
            }
            return new PeerCredentials(
                    ProcessId.of(credentials.get(JAVA_INT, 0)),
                    credentials.get(JAVA_INT, Integer.BYTES),
                    credentials.get(JAVA_INT, 2 * Integer.BYTES));
        }
    }

    int fd() {
        return fd;
    }

    /** Once. */
    @Override
    public void close() {
        LinuxFile.close(fd);
    }
}
