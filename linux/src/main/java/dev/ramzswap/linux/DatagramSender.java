package dev.ramzswap.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A Unix datagram socket that sends to one address, which Java does not have. Never blocks. Thread-safe, except for
 * {@link #close}: nothing may be under way then.
 */
public final class DatagramSender implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment address;
    private final String name;
    private final int fd;

    /**
     * @param name a path, or an abstract name with {@code @} for its first byte, as in systemd's {@code NOTIFY_SOCKET}
     * @throws IllegalArgumentException if the name is empty, or longer than the kernel takes
     * @throws ErrnoException if there are no sockets to be had
     */
    public DatagramSender(String name) throws ErrnoException {
        this.name = name;
        address = UnixAddress.of(name, arena);
        fd = check(
                LinuxSocket.socket(LinuxSocket.AF_UNIX, LinuxSocket.SOCK_DGRAM | LinuxSocket.SOCK_CLOEXEC, 0),
                "socket");
    }

    /**
     * Sends a message, from native memory; allocates nothing.
     *
     * @throws ErrnoException if nobody takes it now: {@link Errno#EAGAIN} if the receiver's queue is full
     */
    public void send(MemorySegment message) throws ErrnoException {
        check(
                (int) LinuxSocket.sendto(fd, message, LinuxSocket.MSG_DONTWAIT | LinuxSocket.MSG_NOSIGNAL, address),
                "sendto");
    }

    private int check(int result, String call) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, name, -result);
        }
        return result;
    }

    @Override
    public void close() {
        LinuxFile.close(fd);
        arena.close();
    }
}
