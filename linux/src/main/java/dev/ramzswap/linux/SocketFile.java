package dev.ramzswap.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** The file by which a Unix socket is found: all that may be removed where a dead one is expected. */
public final class SocketFile {
    /** {@code S_IFMT}, {@code S_IFSOCK}: Linux, include/uapi/linux/stat.h. */
    private static final int TYPE_MASK = 0170000;

    private static final int TYPE_SOCKET = 0140000;

    /** Bytes in {@code sun_path} of unix(7) but for its closing zero. */
    public static final int LONGEST_PATH = 107;

    private SocketFile() {}

    /** Whether a path is short enough for a socket that others are to connect to. */
    public static boolean fits(Path path) {
        return path.toString().getBytes(StandardCharsets.UTF_8).length <= LONGEST_PATH;
    }

    /** Whether one is at a path, and not a link to one. */
    public static boolean isAt(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        return (mode & TYPE_MASK) == TYPE_SOCKET;
    }
}
