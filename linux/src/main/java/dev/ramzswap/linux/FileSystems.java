package dev.ramzswap.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What kind of file system a path lies on. Thread-safe. */
public final class FileSystems {
    private static final Path MOUNTS = Path.of("/proc/self/mountinfo");

    private FileSystems() {}

    /**
     * Whether what is written there stays in memory, as far as the file system goes: a tmpfs may be swapped out.
     *
     * @param path of a file or directory that is there
     * @throws ErrnoException if the system does not say
     */
    public static boolean isInMemory(Path path) throws ErrnoException {
        return of(path).isMemory();
    }

    /**
     * Whether what is written there is never swapped out: on a ramfs, or a tmpfs that is mounted with {@code noswap}
     * (Linux 6.4).
     *
     * @param path of a file or directory that is there
     * @throws IOException if the system does not say
     */
    public static boolean isNeverSwappedOut(Path path) throws IOException {
        long type = of(path).type();
        return type == FileSystem.RAMFS
                || type == FileSystem.TMPFS && options(path.toRealPath()).contains("noswap");
    }

    /**
     * Those of the file system, of proc_pid_mountinfo(5): {@code ID PARENT DEVICE ROOT MOUNT-POINT .. - TYPE SOURCE
     * OPTIONS}. The mount point is the longest that the path begins with, and the last of several.
     */
    private static List<String> options(Path path) throws IOException {
        Path longest = Path.of("/");
        String options = "";
        for (String line : Files.readAllLines(MOUNTS)) {
            String[] words = line.split(" ");
            Path point = Path.of(words[4].replace("\\040", " "));
            if (path.startsWith(point) && point.getNameCount() >= longest.getNameCount()) {
                longest = point;
                options = words[words.length - 1];
            }
        }
        return List.of(options.split(","));
    }

    /**
     * What a path lies in, as it is now.
     *
     * @param path of a file or directory that is there
     * @throws ErrnoException if the system does not say
     */
    public static FileSystem of(Path path) throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment statfs = arena.allocate(FileSystem.STATFS_BYTES, Long.BYTES);
            int result = LinuxFile.statfs(arena.allocateFrom(path.toString()), statfs);
            if (result < 0) {
                throw new ErrnoException("statfs", path.toString(), -result);
            }
            return FileSystem.of(statfs);
        }
    }
}
