package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Where this process prints. */
public final class StandardOutput {
    private static final int STDOUT = 1;
    // struct pollfd, see HangUps
    private static final int POLLFD_BYTES = 8;
    private static final int REVENTS = 6;

    private StandardOutput() {}

    /**
     * Whether nobody can read there any more, as behind {@code head} when it has seen enough. A pipe shows it by
     * POLLERR (fs/pipe.c, pipe_poll), a socket by POLLHUP (net/unix/af_unix.c, unix_poll); a full one shows neither.
     */
    public static boolean isReaderGone() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment descriptor = arena.allocate(POLLFD_BYTES, Integer.BYTES);
            descriptor.set(JAVA_INT, 0, STDOUT);
            boolean isAny = LinuxSocket.pollNow(descriptor, 1) > 0;
            return isAny && (descriptor.get(JAVA_SHORT, REVENTS) & (LinuxSocket.POLLERR | LinuxSocket.POLLHUP)) != 0;
        }
    }
}
