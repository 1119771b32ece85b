package dev.ramzswap.linux;

import java.io.Closeable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A connection as a kernel keeps it that has taken it over: it stays, whatever its maker does with his descriptor. */
public final class KernelEnd implements Closeable {
    private static final int REQUEST_BYTES = 28;
    private static final byte[] DISC = {0x25, 0x60, (byte) 0x95, 0x13, 0, 0, 0, 2};

    private final int fd;

    public KernelEnd(NativeSocket connection) {
        fd = LinuxFile.fcntl(connection.fd(), LinuxFile.F_DUPFD_CLOEXEC, 0);
    }

    /** Says good-bye (NBD_CMD_DISC) and hangs up. */
    public void detach() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(REQUEST_BYTES);
            MemorySegment.copy(DISC, 0, request, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, DISC.length);
            if (LinuxSocket.send(fd, request, LinuxSocket.MSG_NOSIGNAL) != REQUEST_BYTES) {
                throw new AssertionError("the daemon has hung up");
            }
        }
        close();
    }

    /** Cuts it. */
    @Override
    public void close() {
        LinuxFile.close(fd);
    }
}
