package dev.ramzswap.linux;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The file by which a Unix socket is found. */
public final class SocketFile {
    /** Bytes in {@code sun_path} of unix(7) but for its closing zero. */
    public static final int LONGEST_PATH = 107;

    private SocketFile() {}

    /** Whether a path is short enough for a socket that others are to connect to. */
    public static boolean fits(Path path) {
        return path.toString().getBytes(StandardCharsets.UTF_8).length <= LONGEST_PATH;
    }
}
