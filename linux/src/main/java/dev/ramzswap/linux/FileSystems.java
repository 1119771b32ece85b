package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What kind of file system a path lies on. Thread-safe. */
public final class FileSystems {
    // linux/magic.h
    private static final long TMPFS_MAGIC = 0x01021994;
    private static final long RAMFS_MAGIC = 0x858458f6L;

    /** More than struct statfs of asm-generic/statfs.h has, whose first word, f_type, is all that is read. */
    private static final int STATFS_BYTES = 256;

    private static final Path MOUNTS = Path.of("/proc/self/mountinfo");

    private FileSystems() {}

    /**
     * Whether what is written there stays in memory, as far as the file system goes: a tmpfs may be swapped out.
     *
     * @param path of a file or directory that is there
     * @throws ErrnoException if the system does not say
     */
    public static boolean isInMemory(Path path) throws ErrnoException {
        long type = type(path);
        return type == TMPFS_MAGIC || type == RAMFS_MAGIC;
    }

    /**
     * Whether what is written there is never swapped out: on a ramfs, or a tmpfs that is mounted with {@code noswap}
     * (Linux 6.4).
     *
     * @param path of a file or directory that is there
     * @throws IOException if the system does not say
     */
    public static boolean isNeverSwappedOut(Path path) throws IOException {
        long type = type(path);
        return type == RAMFS_MAGIC
                || type == TMPFS_MAGIC && options(path.toRealPath()).contains("noswap");
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

    private static long type(Path path) throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment statfs = arena.allocate(STATFS_BYTES, Long.BYTES);
            int result = LinuxFile.statfs(arena.allocateFrom(path.toString()), statfs);
            if (result < 0) {
                throw new ErrnoException("statfs", path.toString(), -result);
            }
            return statfs.get(JAVA_LONG, 0);
        }
    }
}
