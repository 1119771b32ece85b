package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Looks which of some sockets have been shut down both ways, by whichever side, with one poll(2). One that still can be
 * read or written does not count, nor do unread bytes keep one from counting. For one thread at a time.
 *
 * <pre>
 *   struct pollfd (poll.h), 8 bytes:   int fd | short events | short revents
 * </pre>
 */
public final class HangUps implements AutoCloseable {
    private static final int POLLFD_BYTES = 8;
    private static final int REVENTS = 6;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment descriptors;
    private int count;

    /** @param most sockets at once */
    public HangUps(int most) {
        descriptors = arena.allocate((long) most * POLLFD_BYTES, Long.BYTES);
    }

    /** Forgets all sockets. */
    public void clear() {
        count = 0;
    }

    /** Adds a socket behind the others. The kernel looks at them in this order. */
    public void add(SocketHandle socket) {
        descriptors.asSlice((long) count * POLLFD_BYTES, POLLFD_BYTES).fill((byte) 0); // POLLHUP comes without asking
        descriptors.set(JAVA_INT, (long) count * POLLFD_BYTES, socket.fd());
        count++;
    }

    /** Looks at all sockets. Neither waits nor allocates. A descriptor that is closed by now shows no hang-up. */
    public void look() throws ErrnoException {
        int result;
        do {
            result = LinuxSocket.pollNow(descriptors, count);
        } while (result == -Errno.EINTR);
        if (result < 0) {
            throw new ErrnoException("poll", "sockets", -result);
        }
    }

    /** Whether the last look found this socket shut down, by the order in which they were added. */
    public boolean at(int index) {
        return (descriptors.get(JAVA_SHORT, (long) index * POLLFD_BYTES + REVENTS) & LinuxSocket.POLLHUP) != 0;
    }

    @Override
    public void close() {
        arena.close();
    }
}
