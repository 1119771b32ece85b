package dev.ramzswap.backing;

import dev.ramzswap.linux.Errno;
import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.FileSystem;
import dev.ramzswap.linux.LastingException;
import dev.ramzswap.linux.NativeFile;
import dev.ramzswap.linux.Preallocation;
import dev.ramzswap.linux.Progress;
import java.io.IOException;
import java.nio.file.Path;

/** Room for all of a plain file, taken before it is used. */
final class Reservation {
    private Reservation() {}

    /**
     * Reserves a file, and cuts it back to that.
     *
     * @throws IOException with a message for the user, if there is not the room; a part may have been taken
     */
    static void make(NativeFile file, Path path, long bytes) throws IOException {
        FileSystem fileSystem = file.fileSystem();
        long missing = bytes - Math.min(file.allocated(), bytes);
        // fallocate would fill the disk before it says so. A memory file system without a limit has a total of 0.
        if (fileSystem.total() > 0 && missing > fileSystem.free()) {
            throw noRoom(path, bytes, missing, fileSystem.free(), null);
        }
        try {
            if (file.size() == 0) {
                Medium.writeInPlace(file);
            }
            Preallocation.of(file, bytes, new Progress("reserving the backing file " + path, bytes));
            file.truncate(bytes);
        } catch (ErrnoException e) {
            throw switch (e.errno()) {
                case Errno.ENOSPC -> noRoom(path, bytes, missing, fileSystem.free(), e);
                case Errno.EDQUOT ->
                    new IOException(
                            "the backing file " + path + " may not have " + bytes
                                    + " bytes: above a quota of the file system (quota(1)); give it a smaller size or"
                                    + " another place",
                            e);
                case Errno.EFBIG ->
                    new LastingException(
                            "the backing file " + path + " may not have " + bytes
                                    + " bytes: above the limit of the process (ulimit -f) or of the file system",
                            e);
                default -> e;
            };
        }
    }

    private static IOException noRoom(Path path, long bytes, long missing, long free, IOException cause) {
        // What it has may lie behind that end.
        String part = missing > 0 && missing < bytes ? ", of which it lacks " + missing : "";
        String but = missing > 0 && missing <= free ? ", but not all of them can be taken" : "";
        return new IOException(
                "no room for the backing file " + path + ": it needs " + bytes + " bytes" + part + ", and " + free
                        + " are free" + but + "; give it a smaller size or another place",
                cause);
    }
}
