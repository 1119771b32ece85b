package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A blocking socket that tells its file descriptor, which Java's own do not: by that number, the kernel's NBD client
 * takes a connection over. Buffers must be direct. For one thread.
 */
public final class NativeSocket implements ByteChannel {
    /** struct timeval: seconds, microseconds. */
    private static final int TIMEVAL_BYTES = 16;

    private final int fd;
    private final String name;
    private boolean open = true;

    private NativeSocket(int family, int type, int protocol, String name) throws ErrnoException {
        this.name = name;
        this.fd = (int) check(LinuxSocket.socket(family, type | LinuxSocket.SOCK_CLOEXEC, protocol), "socket");
    }

    /**
     * A stream to who listens at a Unix socket.
     *
     * @param timeout bounds the connecting, and each read and write; not zero
     * @throws ErrnoException if nobody does; {@link Errno#EAGAIN} after the timeout
     */
    public static NativeSocket connect(Path path, Duration timeout) throws ErrnoException {
        NativeSocket socket = new NativeSocket(LinuxSocket.AF_UNIX, LinuxSocket.SOCK_STREAM, 0, path.toString());
        try (Arena arena = Arena.ofConfined()) {
            socket.setTimeout(timeout);
            socket.check(LinuxSocket.connect(socket.fd, UnixAddress.of(path.toString(), arena)), "connect");
        } catch (ErrnoException | RuntimeException e) {
            socket.close();
            throw e;
        }
        return socket;
    }

    /** A stream to nobody, for where only a descriptor is asked for. */
    public static NativeSocket unconnected() throws ErrnoException {
        return new NativeSocket(LinuxSocket.AF_UNIX, LinuxSocket.SOCK_STREAM, 0, "unconnected");
    }

    /** A socket for messages of generic netlink, to the kernel and back. */
    static NativeSocket genericNetlink(Duration timeout) throws ErrnoException {
        NativeSocket socket = new NativeSocket(
                LinuxSocket.AF_NETLINK, LinuxSocket.SOCK_DGRAM, LinuxSocket.NETLINK_GENERIC, "generic netlink");
        socket.setTimeout(timeout);
        return socket;
    }

    public int fd() {
        return fd;
    }

    /** How long each read and write may wait; zero for ever. */
    public void setTimeout(Duration timeout) throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(TIMEVAL_BYTES, Long.BYTES);
            value.set(JAVA_LONG, 0, timeout.toSeconds());
            value.set(JAVA_LONG, Long.BYTES, timeout.toNanosPart() / 1000);
            check(
                    LinuxSocket.setsockopt(fd, LinuxSocket.SOL_SOCKET, LinuxSocket.SO_RCVTIMEO, value),
                    "setsockopt(SO_RCVTIMEO)");
            check(
                    LinuxSocket.setsockopt(fd, LinuxSocket.SOL_SOCKET, LinuxSocket.SO_SNDTIMEO, value),
                    "setsockopt(SO_SNDTIMEO)");
        }
    }

    /** How long each write may wait, whoever set it; zero for ever. */
    public Duration writeTimeout() throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(TIMEVAL_BYTES, Long.BYTES);
            MemorySegment length = arena.allocateFrom(JAVA_INT, TIMEVAL_BYTES);
            check(
                    LinuxSocket.getsockopt(fd, LinuxSocket.SOL_SOCKET, LinuxSocket.SO_SNDTIMEO, value, length),
                    "getsockopt(SO_SNDTIMEO)");
            return Duration.ofSeconds(value.get(JAVA_LONG, 0), value.get(JAVA_LONG, Long.BYTES) * 1000);
        }
    }

    @Override
    public int read(ByteBuffer into) throws ErrnoException {
        long got;
        do {
            got = LinuxSocket.recv(fd, MemorySegment.ofBuffer(into), 0);
        } while (got == -Errno.EINTR);
        check(got, "recv");
        into.position(into.position() + (int) got);
        return got == 0 && into.hasRemaining() ? -1 : (int) got;
    }

    @Override
    public int write(ByteBuffer from) throws ErrnoException {
        long sent;
        do {
            sent = LinuxSocket.send(fd, MemorySegment.ofBuffer(from), LinuxSocket.MSG_NOSIGNAL);
        } while (sent == -Errno.EINTR);
        check(sent, "send");
        from.position(from.position() + (int) sent);
        return (int) sent;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    /** Ends the connection, unless somebody else has the descriptor's socket too. */
    @Override
    public void close() {
        if (open) {
            open = false;
            LinuxFile.close(fd);
        }
    }

    private long check(long result, String call) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, name, (int) -result);
        }
        return result;
    }
}
