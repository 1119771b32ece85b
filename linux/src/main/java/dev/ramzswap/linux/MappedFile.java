package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.ramzswap.closing.Closing;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A file mapped whole into memory, so that what lies in it outlives the process and other processes can read it: either
 * at a path, or without one, in memory. It is sparse: memory is taken by {@link #populate} (or the first access) and
 * given back by {@link #release}.
 *
 * <p>Thread-safe, except for {@link #close}: nothing may use the memory then.
 */
public final class MappedFile implements AutoCloseable {
    /** Says that a file may be removed, or throws. */
    public interface Condition {
        void require(Path path) throws IOException;
    }

    private static final long PAGE_BYTES = 4096;
    private static final VarHandle LONG = JAVA_LONG.varHandle();

    static {
        LinuxIpc.link(); // with the first file of any kind
    }

    /** What is locked, and lies at the path. */
    private final NativeFile file;

    /** What is mapped: the same file, or the segment that it stands for. */
    private final NativeFile content;

    private final Path path;
    private final boolean created;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;

    private MappedFile(NativeFile file, NativeFile content, Path path, long bytes, boolean created) throws IOException {
        this.file = file;
        this.content = content;
        this.path = path;
        this.created = created;
        this.memory = content.map(bytes, arena);
    }

    /**
     * Waits until no process has the file open here; creates it, empty, if it is missing.
     *
     * @param beforeWaiting is run if there is one
     */
    public static void awaitFree(Path path, Runnable beforeWaiting) throws IOException {
        LockedFiles.await(path, beforeWaiting).close();
    }

    /**
     * Opens a file, or creates it (mode 0600), and takes its lock, so that two daemons never map the same state.
     *
     * @param bytes its size, above 0; that of an existing file must be the same
     * @throws IOException if another process has it open here, its size is another, or the system refuses
     */
    public static MappedFile at(Path path, long bytes) throws IOException {
        NativeFile file = LockedFiles.open(path);
        try {
            return inFile(file, path, bytes);
        } catch (Throwable e) {
            Closing.after(e, file);
            throw e;
        }
    }

    /**
     * Like {@link #at}, but one that is new stays empty, which is as good as none, until {@link #make}: so that what it
     * stands for can be made before it. Its memory is not to be touched until then.
     */
    public static MappedFile unmadeAt(Path path, long bytes) throws IOException {
        NativeFile file = LockedFiles.open(path);
        try {
            return new MappedFile(file, file, path.toRealPath(), bytes, isNew(file, path, bytes));
        } catch (Throwable e) {
            Closing.after(e, file);
            throw e;
        }
    }

    /**
     * Like {@link #at}, for a file of which {@link #release} gives memory back. Where the file system cannot do that
     * (ramfs), the file only stands for a {@link SharedSegment}, which can.
     *
     * @param bytes a multiple of 4096
     * @throws IOException as {@link #at}, or if there must be a segment and the system refuses it
     */
    public static MappedFile sparseAt(Path path, long bytes) throws IOException {
        NativeFile file = LockedFiles.open(path);
        try {
            return file.canHaveHoles() ? inFile(file, path, bytes) : inSegment(file, path, bytes);
        } catch (Throwable e) {
            Closing.after(e, file);
            throw e;
        }
    }

    /**
     * Checks, of a file that another process may have open, that this one could open it by {@link #sparseAt} later.
     *
     * @throws IOException if it stands for a segment that is out of reach here
     */
    public static void requireReachable(Path path) throws IOException {
        SharedSegment.requireReachable(path);
    }

    /** Removes a file if there is one, and the segment that it stands for; whoever has them mapped keeps them. */
    public static void remove(Path path) throws IOException {
        SharedSegment.removeOf(path);
        Files.deleteIfExists(path);
    }

    /**
     * Removes those of some files that there are, and the segments that they stand for.
     *
     * @throws IOException if another process has one of them open here, or one may not be removed: then none is
     */
    public static void removeUnused(List<Path> paths, Condition condition) throws IOException {
        List<Path> found = paths.stream().filter(Files::exists).toList();
        List<NativeFile> locked = new ArrayList<>();
        try {
            for (Path path : found) {
                locked.add(LockedFiles.open(path));
                condition.require(path);
            }
            for (Path path : found) {
                remove(path);
            }
        } finally {
            locked.forEach(file -> Closing.quietly(file::close));
        }
    }

    /** Bytes of a file, or of the segment that it stands for. */
    public static long bytesOf(Path path) throws IOException {
        Optional<SharedSegment> segment = SharedSegment.parse(path);
        return segment.isPresent() ? segment.get().bytes() : Files.size(path);
    }

    private static MappedFile inFile(NativeFile file, Path path, long bytes) throws IOException {
        boolean isNew = isNew(file, path, bytes);
        if (isNew) {
            file.truncate(bytes);
        }
        return new MappedFile(file, file, path.toRealPath(), bytes, isNew);
    }

    /** A daemon that died before it had made it leaves an empty file, which is as good as none. */
    private static boolean isNew(NativeFile file, Path path, long bytes) throws IOException {
        long size = file.size();
        if (size != 0) {
            requireSize(path, size, bytes);
        }
        return size == 0;
    }

    private static MappedFile inSegment(NativeFile file, Path path, long bytes) throws IOException {
        Optional<SharedSegment> earlier = SharedSegment.of(path);
        if (earlier.isPresent()) {
            requireSize(path, earlier.get().bytes(), bytes);
            return inSegment(file, path, earlier.get(), false);
        }
        // A daemon that dies before it has written the line leaves a segment without any memory.
        SharedSegment segment = SharedSegment.create(bytes);
        try {
            file.replaceBy(segment.line());
            return inSegment(file, path, segment, true);
        } catch (Throwable e) {
            remove(path);
            throw e;
        }
    }

    private static MappedFile inSegment(NativeFile file, Path path, SharedSegment segment, boolean created)
            throws IOException {
        NativeFile content = segment.open(path);
        try {
            return new MappedFile(file, content, path.toRealPath(), segment.bytes(), created);
        } catch (Throwable e) {
            Closing.after(e, content);
            throw e;
        }
    }

    private static void requireSize(Path path, long size, long bytes) throws IOException {
        if (size != bytes) {
            throw new LastingException(
                    path + " has " + size + " bytes, not " + bytes + ": it was made for another size; remove it");
        }
    }

    /**
     * Makes a memory file.
     *
     * @param name for people, in {@code /proc/PID/maps}; at most 249 bytes
     * @param bytes its size, above 0
     */
    public static MappedFile inMemory(String name, long bytes) throws IOException {
        NativeFile file = NativeFile.inMemory(name);
        try {
            file.truncate(bytes);
            return new MappedFile(file, file, file.procPath(), bytes, true);
        } catch (Throwable e) {
            Closing.after(e, file);
            throw e;
        }
    }

    /** The whole file, page-aligned, until {@link #close}. */
    public MemorySegment memory() {
        return memory;
    }

    /** The file for this and other processes; {@code /proc/PID/fd/N} for a memory file. */
    public Path path() {
        return path;
    }

    /** Makes a file that is new what it is to be: from now on another process finds it made. */
    public void make() throws IOException {
        if (created) {
            content.truncate(memory.byteSize());
        }
    }

    /** Whether the file is new, and all zeroes. */
    public boolean created() {
        return created;
    }

    /**
     * Takes memory for a range without changing its content, so that no access faults there later.
     *
     * @param offset bytes, a multiple of 4096
     * @throws IOException if there is no memory, or no room in the file system
     */
    public void populate(long offset, long bytes) throws IOException {
        populate(offset, bytes, LinuxMemory.MADV_POPULATE_WRITE);
    }

    /**
     * Maps a range that is in memory. In files of tmpfs, and in memory files, no access faults there later: the kernel
     * maps a page that is read writable at once, since it need not know when it is first written. That is two to three
     * times as fast as {@link #populate}, because a read fault maps the pages around it as well (fault-around).
     *
     * @param offset bytes, a multiple of 4096
     * @throws IOException as {@link #populate}, for what was not in memory
     */
    public void mapResident(long offset, long bytes) throws IOException {
        populate(offset, bytes, LinuxMemory.MADV_POPULATE_READ);
    }

    private void populate(long offset, long bytes, int advice) throws IOException {
        Objects.checkFromIndexSize(offset, bytes, memory.byteSize());
        int result = LinuxMemory.madvise(memory.address() + offset, bytes, advice);
        if (result == -Errno.EINVAL) {
            touch(offset, bytes);
        } else if (result < 0) {
            // EFAULT stands for the SIGBUS that an access would be: the file system is full.
            int errno = result == -Errno.EFAULT ? Errno.ENOSPC : -result;
            throw new ErrnoException("madvise(MADV_POPULATE)", path.toString(), errno);
        }
    }

    /**
     * Gives back the memory of the pages inside a range, whose content is undefined from then on. Works on locked
     * memory, which madvise(DONTNEED) does not.
     *
     * @throws IOException if the file system cannot do it, see {@link #sparseAt}
     */
    public void release(long offset, long bytes) throws IOException {
        content.punchHole(offset, bytes);
    }

    /**
     * Where, from {@code offset} on, there is memory, swapped out or not; the file's size if nowhere. Where the file
     * system does not tell holes (ramfs), all of it counts as memory.
     */
    public long nextData(long offset) throws IOException {
        return content.nextData(offset);
    }

    /** Where, from {@code offset} on, there is none; the file's size if nowhere. */
    public long nextHole(long offset) throws IOException {
        return content.nextHole(offset);
    }

    @Override
    public void close() throws IOException {
        arena.close();
        content.close();
        if (content != file) {
            file.close();
        }
    }

    /** For kernels before 5.14: adds 0 to a word of each page, which is a write that changes nothing. */
    void touch(long offset, long bytes) {
        for (long at = offset; at < offset + bytes; at += PAGE_BYTES) {
            LONG.getAndAdd(memory, at, 0L);
        }
    }
}
