package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * An open file as the kernel sees it: what Java's channels do not offer (locks, reservation, holes, mappings of memory
 * files), and positional input and output that no interrupt of a thread can close. Thread-safe, except for
 * {@link #close}: nothing may be under way then.
 */
public final class NativeFile implements AutoCloseable {
    // asm-generic/fcntl.h
    public static final int O_RDONLY = 0;
    public static final int O_RDWR = 2;
    public static final int O_CREAT = 0100;
    /** On a block device: fail with EBUSY while it is mounted or opened with this flag elsewhere. */
    public static final int O_EXCL = 0200;
    /** Fail with ELOOP at a symbolic link; AArch64 has its own value in {@code asm/fcntl.h}. */
    public static final int O_NOFOLLOW = System.getProperty("os.arch").equals("aarch64") ? 0100000 : 0400000;
    /** Input and output past the page cache, aligned; AArch64 has its own value in {@code asm/fcntl.h}. */
    public static final int O_DIRECT = System.getProperty("os.arch").equals("aarch64") ? 0200000 : 040000;

    private static final int O_CLOEXEC = 02000000;
    private static final int PUNCH_HOLE = LinuxFile.FALLOC_FL_PUNCH_HOLE | LinuxFile.FALLOC_FL_KEEP_SIZE;
    private static final int OWNER_ONLY = 0600;
    private static final int BLOCK_BYTES = 4096;

    // struct statx of linux/stat.h
    private static final long STATX_BYTES = 256;
    private static final long STATX_BLOCKS_OFFSET = 48;
    private static final long STATX_BLOCK_BYTES = 512;

    static final Duration ENDING = Duration.ofSeconds(1);
    private static final long LOOK_NANOS = 2_000_000;

    private final int fd;
    private final String name;

    private NativeFile(int fd, String name) {
        this.fd = fd;
        this.name = name;
    }

    /** One that a call has opened of which this class knows nothing. */
    static NativeFile of(int descriptor, String name) {
        return new NativeFile(descriptor, name);
    }

    /**
     * open(2), close-on-exec; a file that is created is its owner's only.
     *
     * @throws ErrnoException if the system refuses
     */
    public static NativeFile open(Path path, int flags) throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            int fd = LinuxFile.open(arena.allocateFrom(path.toString()), flags | O_CLOEXEC, OWNER_ONLY);
            return new NativeFile(check(fd, "open", path.toString()), path.toString());
        }
    }

    /** memfd_create(2): a file of size 0 that lies in memory, has no path and is gone with its last user. */
    static NativeFile inMemory(String name) throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            int fd = LinuxMemory.memfdCreate(arena.allocateFrom(name), LinuxMemory.MFD_CLOEXEC);
            return new NativeFile(check(fd, "memfd_create", name), name);
        }
    }

    /**
     * Takes the exclusive lock of the file (flock(2)), which ends with the process.
     *
     * @return false if another open file has it
     */
    public boolean tryLock() throws ErrnoException {
        return tryLock(LinuxFile.LOCK_EX);
    }

    private boolean tryLock(int kind) throws ErrnoException {
        int result = LinuxFile.flock(fd, kind | LinuxFile.LOCK_NB);
        if (result == -Errno.EAGAIN) {
            return false;
        }
        check(result, "flock", name);
        return true;
    }

    /**
     * Like {@link #tryLock}, but waits a moment for a process that is just ending: the kernel closes its files one by
     * one, and who waited for the first of them may be there before the last is closed.
     */
    public boolean tryLockOfEnding() throws ErrnoException {
        return tryLock(ENDING);
    }

    /** The same of the shared lock, which others may have too, but none while somebody has the exclusive one. */
    public boolean trySharedLockOfEnding() throws ErrnoException {
        return tryLock(LinuxFile.LOCK_SH, ENDING);
    }

    /** Like {@link #tryLock}, but waits so long for who has it, or until the thread is interrupted. */
    public boolean tryLock(Duration patience) throws ErrnoException {
        return tryLock(LinuxFile.LOCK_EX, patience);
    }

    private boolean tryLock(int kind, Duration patience) throws ErrnoException {
        long end = System.nanoTime() + patience.toNanos();
        boolean isLocked = tryLock(kind);
        while (!isLocked
                && System.nanoTime() - end < 0
                && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(LOOK_NANOS);
            isLocked = tryLock(kind);
        }
        return isLocked;
    }

    /**
     * Takes the exclusive lock of the file, and waits for it as long as it takes.
     *
     * @param beforeWaiting is run if another open file has it
     */
    void lock(Runnable beforeWaiting) throws ErrnoException {
        if (tryLock()) {
            return;
        }
        beforeWaiting.run();
        int result;
        do {
            result = LinuxFile.flock(fd, LinuxFile.LOCK_EX);
        } while (result == -Errno.EINTR);
        check(result, "flock", name);
    }

    /** Gives the lock up, and can take it again. */
    public void unlock() throws ErrnoException {
        check(LinuxFile.flock(fd, LinuxFile.LOCK_UN), "flock", name);
    }

    /** Whether it is what a path names now, and not a file that was there before. */
    public boolean isAt(Path path) throws IOException {
        Object own = keyOf(procPath());
        try {
            return own.equals(keyOf(path));
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /** Device and inode. */
    private static Object keyOf(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    }

    int descriptor() {
        return fd;
    }

    /** Bytes; of a block device too. */
    public long size() throws ErrnoException {
        return check(LinuxFile.lseek(fd, 0, LinuxFile.SEEK_END), "lseek", name);
    }

    /**
     * Where, from {@code offset} on, the file has data; its size if nowhere. A file system that does not tell holes
     * says that all is data. What was reserved and not written yet is a hole.
     */
    public long nextData(long offset) throws ErrnoException {
        return seek(offset, LinuxFile.SEEK_DATA);
    }

    /** Where, from {@code offset} on, the file has a hole; its size if nowhere. */
    public long nextHole(long offset) throws ErrnoException {
        return seek(offset, LinuxFile.SEEK_HOLE);
    }

    private long seek(long offset, int whence) throws ErrnoException {
        long result = LinuxFile.lseek(fd, offset, whence);
        return result == -Errno.ENXIO ? size() : check(result, "lseek", name);
    }

    /** Bytes of the file system that it takes, holes not counted. */
    public long allocated() throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(STATX_BYTES, Long.BYTES);
            MemorySegment noPath = arena.allocateFrom("");
            check(LinuxFile.statx(fd, noPath, LinuxFile.AT_EMPTY_PATH, LinuxFile.STATX_BLOCKS, status), "statx", name);
            return status.get(JAVA_LONG, STATX_BLOCKS_OFFSET) * STATX_BLOCK_BYTES;
        }
    }

    /** What it lies in, as it is now. */
    public FileSystem fileSystem() throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment statfs = arena.allocate(FileSystem.STATFS_BYTES, Long.BYTES);
            check(LinuxFile.fstatfs(fd, statfs), "fstatfs", name);
            return FileSystem.of(statfs);
        }
    }

    /** Whether it is written in place on a file system that otherwise writes copies (FS_NOCOW_FL). */
    public boolean isWrittenInPlace() throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            return (flags(arena).get(JAVA_INT, 0) & LinuxFile.FS_NOCOW_FL) != 0;
        }
    }

    /** Has it written in place from now on. Btrfs does that only for a file that is empty. */
    public void writeInPlace() throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment flags = flags(arena);
            flags.set(JAVA_INT, 0, flags.get(JAVA_INT, 0) | LinuxFile.FS_NOCOW_FL);
            check(LinuxFile.ioctl(fd, LinuxFile.FS_IOC_SETFLAGS, flags), "ioctl(FS_IOC_SETFLAGS)", name);
        }
    }

    /** Its flags, as {@code chattr} shows them. */
    private MemorySegment flags(Arena arena) throws ErrnoException {
        MemorySegment flags = arena.allocate(JAVA_LONG);
        check(LinuxFile.ioctl(fd, LinuxFile.FS_IOC_GETFLAGS, flags), "ioctl(FS_IOC_GETFLAGS)", name);
        return flags;
    }

    public void truncate(long bytes) throws ErrnoException {
        check(LinuxFile.ftruncate(fd, bytes), "ftruncate", name);
    }

    /**
     * Allocates room for a range, so that no write there can fail for want of it; what the file holds stays.
     *
     * @return false if the file system cannot do that (ramfs, some network file systems)
     */
    boolean allocate(long offset, long bytes) throws ErrnoException {
        int result = LinuxFile.fallocate(fd, 0, offset, bytes);
        if (result == -Errno.EOPNOTSUPP) {
            return false;
        }
        check(result, "fallocate", name);
        return true;
    }

    void writeFully(MemorySegment from, int length, long position) throws ErrnoException {
        for (int done = 0; done < length; ) {
            done += write(from.asSlice(done), length - done, position + done);
        }
    }

    /** Gives back the blocks or pages inside a range, which reads as zeroes from then on; the size stays. */
    public void punchHole(long offset, long bytes) throws ErrnoException {
        check(LinuxFile.fallocate(fd, PUNCH_HOLE, offset, bytes), "fallocate(PUNCH_HOLE)", name);
    }

    /** Whether holes can be punched here. */
    boolean canHaveHoles() throws ErrnoException {
        long end = Math.ceilDiv(size(), BLOCK_BYTES) * BLOCK_BYTES;
        int result = LinuxFile.fallocate(fd, PUNCH_HOLE, end, BLOCK_BYTES);
        if (result == -Errno.EOPNOTSUPP) {
            return false;
        }
        check(result, "fallocate(PUNCH_HOLE)", name);
        return true;
    }

    /** Makes a few bytes of text all that the file holds. */
    void replaceBy(String text) throws ErrnoException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        truncate(0);
        try (Arena arena = Arena.ofConfined()) {
            writeFully(arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes)), bytes.length, 0);
        }
    }

    /** Maps the first {@code bytes}, shared, for reading and writing, until {@code arena} is closed. */
    @SuppressWarnings("restricted")
    public MemorySegment map(long bytes, Arena arena) throws ErrnoException {
        long address = check(
                LinuxMemory.mmap(bytes, LinuxMemory.PROT_READ | LinuxMemory.PROT_WRITE, LinuxMemory.MAP_SHARED, fd, 0),
                "mmap",
                name);
        check(
                LinuxMemory.madvise(address, bytes, LinuxMemory.MADV_DONTDUMP),
                "madvise(DONTDUMP)",
                name); // pages of other programs
        return MemorySegment.ofAddress(address)
                .reinterpret(bytes, arena, memory -> LinuxMemory.munmap(memory.address(), bytes));
    }

    /**
     * Reads into the beginning of {@code into}.
     *
     * @return bytes read, fewer than {@code length} at the end of the file
     */
    public int read(MemorySegment into, int length, long position) throws ErrnoException {
        long result;
        do {
            result = LinuxFile.pread(fd, into, Math.min(length, into.byteSize()), position);
        } while (result == -Errno.EINTR);
        return (int) check(result, "pread", name);
    }

    /**
     * Writes from the beginning of {@code from}.
     *
     * @return bytes written, maybe fewer than {@code length}
     */
    public int write(MemorySegment from, int length, long position) throws ErrnoException {
        long result;
        do {
            result = LinuxFile.pwrite(fd, from, Math.min(length, from.byteSize()), position);
        } while (result == -Errno.EINTR);
        return (int) check(result, "pwrite", name);
    }

    /**
     * The file whatever is at its path by now, also for other processes of the same user, for as long as it is open
     * here; of a directory, what is in it by names below.
     */
    public Path procPath() {
        return Path.of("/proc", Long.toString(ProcessHandle.current().pid()), "fd", Integer.toString(fd));
    }

    /** The path it was opened by, or the name of the memory file. */
    @Override
    public String toString() {
        return name;
    }

    @Override
    public void close() throws IOException {
        check(LinuxFile.close(fd), "close", name);
    }

    static int check(int result, String call, String subject) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, subject, -result);
        }
        return result;
    }

    static long check(long result, String call, String subject) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, subject, (int) -result);
        }
        return result;
    }
}
