package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * A Unix datagram socket that sends to one address, which Java does not have. Never blocks. Thread-safe, except for
 * {@link #close}: nothing may be under way then.
 */
public final class DatagramSender implements AutoCloseable {
    /** struct sockaddr_un of {@code sys/un.h}: the family, then the path. */
    private static final int PATH_OFFSET = 2;

    private static final int MAX_PATH = 108;

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
        byte[] path = name.getBytes(StandardCharsets.UTF_8);
        if (path.length == 0 || path.length > MAX_PATH) {
            throw new IllegalArgumentException("'" + name + "' is no name of a Unix socket: 1 to 108 bytes");
        }
        if (path[0] == '@') {
            path[0] = 0;
        }
        this.name = name;
        // The length of the address is that of the name: an abstract one is not ended by a zero byte.
        address = arena.allocate(PATH_OFFSET + path.length, Short.BYTES);
        address.set(JAVA_SHORT, 0, Linux.AF_UNIX);
        MemorySegment.copy(path, 0, address, JAVA_BYTE, PATH_OFFSET, path.length);
        fd = check(Linux.socket(Linux.AF_UNIX, Linux.SOCK_DGRAM | Linux.SOCK_CLOEXEC), "socket");
    }

    /**
     * Sends a message, from native memory; allocates nothing.
     *
     * @throws ErrnoException if nobody takes it now: {@link Errno#EAGAIN} if the receiver's queue is full
     */
    public void send(MemorySegment message) throws ErrnoException {
        check((int) Linux.sendto(fd, message, Linux.MSG_DONTWAIT | Linux.MSG_NOSIGNAL, address), "sendto");
    }

    private int check(int result, String call) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, name, -result);
        }
        return result;
    }

    @Override
    public void close() {
        Linux.close(fd);
        arena.close();
    }
}
