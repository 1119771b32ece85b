package dev.ramzswap.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** The file by which a Unix socket is found: all that may be removed where a dead one is expected. */
public final class SocketFile {
    /** {@code S_IFMT}, {@code S_IFSOCK}: Linux, include/uapi/linux/stat.h. */
    private static final int TYPE_MASK = 0170000;

    private static final int TYPE_SOCKET = 0140000;

    private SocketFile() {}

    /** Whether one is at a path, and not a link to one. */
    public static boolean isAt(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        return (mode & TYPE_MASK) == TYPE_SOCKET;
    }
}
