package dev.ramzswap.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** What kind of file is at a path, of those that Java has no name for. */
public final class FileType {
    // S_IFMT and below: include/uapi/linux/stat.h
    private static final int MASK = 0170000;
    private static final int SOCKET = 0140000;
    private static final int BLOCK_DEVICE = 0060000;

    private FileType() {}

    /**
     * Whether a plain file or a block device is there, or what a link leads to is one. To open anything else may wait
     * for ever, as with a pipe.
     */
    public static boolean isFileOrBlockDevice(Path path) throws IOException {
        return Files.isRegularFile(path) || isBlockDevice(path);
    }

    /** Whether a block device is there, or what a link leads to is one. */
    public static boolean isBlockDevice(Path path) throws IOException {
        return is(path, BLOCK_DEVICE);
    }

    /**
     * Whether the file of a Unix socket is there, and not a link to one: all that is removed where a dead one may be.
     */
    public static boolean isSocket(Path path) throws IOException {
        return is(path, SOCKET, LinkOption.NOFOLLOW_LINKS);
    }

    private static boolean is(Path path, int type, LinkOption... links) throws IOException {
        return Files.exists(path, links) && ((Integer) Files.getAttribute(path, "unix:mode", links) & MASK) == type;
    }
}
