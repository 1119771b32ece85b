package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** struct sockaddr_un of {@code sys/un.h}: the family, then the path. */
final class UnixAddress {
    private static final int PATH_OFFSET = 2;
    private static final int MAX_PATH = 108;

    private UnixAddress() {}

    /**
     * As long as the name itself: an abstract one is not ended by a zero byte.
     *
     * @param name a path, or an abstract name with {@code @} for its first byte
     * @throws IllegalArgumentException if the name is empty, or longer than the kernel takes
     */
    static MemorySegment of(String name, Arena arena) {
        byte[] path = name.getBytes(StandardCharsets.UTF_8);
        if (path.length == 0 || path.length > MAX_PATH) {
            throw new IllegalArgumentException("'" + name + "' is no name of a Unix socket: 1 to 108 bytes");
        }
        if (path[0] == '@') {
            path[0] = 0;
        }
        MemorySegment address = arena.allocate(PATH_OFFSET + path.length, Short.BYTES);
        address.set(JAVA_SHORT, 0, LinuxSocket.AF_UNIX);
        MemorySegment.copy(path, 0, address, JAVA_BYTE, PATH_OFFSET, path.length);
        return address;
    }
}
