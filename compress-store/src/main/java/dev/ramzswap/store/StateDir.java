package dev.ramzswap.store;

import dev.ramzswap.linux.FileSystem;
import dev.ramzswap.linux.FileSystems;
import dev.ramzswap.linux.LastingException;
import dev.ramzswap.linux.Self;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Where stores keep what outlives their daemons. */
final class StateDir {
    private static final int ROOT = 0;
    private static final int OTHERS_WRITE = 0022;
    private static final int STICKY = 01000;

    private StateDir() {}

    /** Makes a directory, for its owner only, if it is missing. */
    static Path make(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        requireTrusted(directory);
        return directory;
    }

    /**
     * What lies there is believed, and pages go there. A sticky directory of root's, such as {@code /dev/shm}, is for
     * everybody: the files that lie in it must be one's own, which they must everywhere.
     */
    private static void requireTrusted(Path directory) throws IOException {
        int owner = (Integer) Files.getAttribute(directory, "unix:uid");
        int mode = (Integer) Files.getAttribute(directory, "unix:mode");
        boolean isOthers = owner != ROOT && owner != Self.uid();
        if (isOthers || ((mode & OTHERS_WRITE) != 0 && (mode & STICKY) == 0)) {
            throw new LastingException(directory + " belongs to somebody else or others may write to it:"
                    + " give a directory of your own, of mode 0700");
        }
    }

    /**
     * A limit that there is no room for is one that the pool never reaches: pages would be refused though they fit.
     *
     * @throws IOException with a message for the user, if a file system in memory has less than so many bytes free
     */
    static void requireRoom(Path directory, long bytes) throws IOException {
        FileSystem fileSystem = FileSystems.of(directory);
        boolean isBounded = fileSystem.isMemory() && fileSystem.total() > 0;
        long missing = bytes - fileSystem.free();
        if (isBounded && missing > 0) {
            throw new IOException("the state directory's file system has " + Math.ceilDiv(missing, 1 << 20)
                    + " MiB too little for what the limit allows: enlarge it (mount -o remount,size=SIZE), lower the"
                    + " limit, or allow overcommit: " + directory);
        }
    }
}
