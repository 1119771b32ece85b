package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** What kind of file system a path lies on. Thread-safe. */
public final class FileSystems {
    // linux/magic.h
    private static final long TMPFS_MAGIC = 0x01021994;
    private static final long RAMFS_MAGIC = 0x858458f6L;

    /** More than struct statfs of asm-generic/statfs.h has, whose first word, f_type, is all that is read. */
    private static final int STATFS_BYTES = 256;

    private FileSystems() {}

    /**
     * Whether what is written there stays in memory, as far as the file system goes: a tmpfs may be swapped out, unless
     * it is mounted with {@code noswap}.
     *
     * @param path of a file or directory that is there
     * @throws ErrnoException if the system does not say
     */
    public static boolean isInMemory(Path path) throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment statfs = arena.allocate(STATFS_BYTES, Long.BYTES);
            int result = LinuxFile.statfs(arena.allocateFrom(path.toString()), statfs);
            if (result < 0) {
                throw new ErrnoException("statfs", path.toString(), -result);
            }
            long type = statfs.get(JAVA_LONG, 0);
            return type == TMPFS_MAGIC || type == RAMFS_MAGIC;
        }
    }
}
