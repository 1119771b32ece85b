package dev.ramzswap.backing;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.linux.Errno;
import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.FileSystem;
import dev.ramzswap.linux.NativeFile;
import dev.ramzswap.linux.Preallocation;
import dev.ramzswap.linux.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Room for all of a plain file, taken before it is used; or, if there is not enough, given back to the last block. */
final class Reservation {
    /** Bytes of the file in which there was no data. */
    private record Hole(long begin, long end) {}

    private final NativeFile file;
    private final long sizeBefore;
    private final List<Hole> holes = new ArrayList<>();

    private Reservation(NativeFile file) throws IOException {
        this.file = file;
        this.sizeBefore = file.size();
        long end;
        for (long at = file.nextHole(0); at < sizeBefore; at = file.nextHole(end)) {
            end = file.nextData(at);
            holes.add(new Hole(at, end));
        }
    }

    /**
     * Reserves a file, and cuts it back to that.
     *
     * @throws IOException with a message for the user, if there is not the room. The file is as it was then, but that
     *     what had been reserved for it and never written is free, too
     */
    static void make(NativeFile file, Path path, long bytes) throws IOException {
        FileSystem fileSystem = file.fileSystem();
        long missing = bytes - Math.min(file.allocated(), bytes);
        // fallocate would fill the disk before it says so. A memory file system without a limit has a total of 0.
        if (fileSystem.total() > 0 && missing > fileSystem.free()) {
            throw noRoom(path, bytes, missing, fileSystem.free(), null);
        }
        Reservation reservation = new Reservation(file);
        try {
            if (reservation.sizeBefore == 0) {
                Medium.writeInPlace(file);
            }
            Preallocation.of(file, bytes, new Progress("reserving the backing file " + path, bytes));
            file.truncate(bytes);
        } catch (ErrnoException e) {
            Closing.after(e, reservation::undo);
            throw switch (e.errno()) {
                case Errno.ENOSPC -> noRoom(path, bytes, missing, fileSystem.free(), e);
                case Errno.EDQUOT ->
                    new IOException(
                            "the backing file " + path + " may not have " + bytes
                                    + " bytes: above a quota of the file system (quota(1)); give it a smaller size or"
                                    + " another place",
                            e);
                case Errno.EFBIG ->
                    new IOException(
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

    private void undo() throws IOException {
        file.truncate(sizeBefore);
        for (Hole hole : holes) {
            file.punchHole(hole.begin, hole.end - hole.begin);
        }
    }
}
