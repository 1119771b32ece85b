package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.linux.Errno;
import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A plain file, reserved in full, or a whole block device, locked for this process, with a {@link Label} at its end.
 * Past the page cache (O_DIRECT) where the file system can do that: spilling must not need memory.
 */
final class FileDevice implements BlockDevice {
    // linux/stat.h
    private static final int S_IFMT = 0170000;
    private static final int S_IFBLK = 0060000;

    /** Opens a file by path and flags; tests have others than {@link NativeFile#open}. */
    interface Opener {
        NativeFile open(Path path, int flags) throws ErrnoException;
    }

    private final NativeFile file;
    private final long size;
    private final boolean direct;

    private FileDevice(NativeFile file, long size, boolean direct) {
        this.file = file;
        this.size = size;
        this.direct = direct;
    }

    /** The size that {@link #open} would give to a device at {@code path}, without changing anything. */
    static long capacity(Path path, long bytes) throws IOException {
        if (isBlockDevice(path)) {
            try (NativeFile file = openWith(NativeFile::open, path, NativeFile.O_RDWR)) {
                return Math.max(file.size() - Label.BYTES, 0) / SEGMENT_BYTES * SEGMENT_BYTES;
            }
        }
        if (bytes <= 0 || bytes > Long.MAX_VALUE - SEGMENT_BYTES) {
            throw new IOException("the backing file " + path + " cannot have " + bytes + " bytes: give it a size");
        }
        return (bytes + SEGMENT_BYTES - 1) / SEGMENT_BYTES * SEGMENT_BYTES;
    }

    /** Opens a block device, or opens or creates a plain file and reserves it. */
    static FileDevice open(Path path, long bytes, Opener opener) throws IOException {
        boolean block = isBlockDevice(path);
        if (Files.exists(path) && !block && !Files.isRegularFile(path)) {
            throw new IOException(path + " is neither a plain file nor a block device: it cannot be a backing file");
        }
        long capacity = capacity(path, bytes);
        // Where it lies at a takeover, if the device has become larger meanwhile.
        long labelBefore = Math.ceilDiv(bytes, SEGMENT_BYTES) * SEGMENT_BYTES;
        int flags = NativeFile.O_RDWR | (block ? NativeFile.O_EXCL : NativeFile.O_CREAT);
        try {
            return open(path, capacity, labelBefore, block, flags | NativeFile.O_DIRECT, opener);
        } catch (ErrnoException e) {
            // At open: a file system without direct input and output. At the first read: one with larger sectors.
            if (e.errno() != Errno.EINVAL) {
                throw e;
            }
            return open(path, capacity, labelBefore, block, flags, opener);
        }
    }

    private static FileDevice open(Path path, long capacity, long labelBefore, boolean block, int flags, Opener opener)
            throws IOException {
        boolean created = !Files.exists(path);
        NativeFile file = openWith(opener, path, flags);
        try {
            if (!file.tryLockOfEnding()) {
                throw new IOException(path + " is in use by another process: stop that one, or give another file");
            }
            Label.requireOursOrBlank(file, path, block ? capacity : file.size() - Label.BYTES, labelBefore);
            if (!block) {
                reserve(file, path, capacity + Label.BYTES, created);
                file.truncate(capacity + Label.BYTES);
            }
            Label.write(file, capacity);
            FileDevice device = new FileDevice(file, capacity, (flags & NativeFile.O_DIRECT) != 0);
            device.probe();
            return device;
        } catch (Throwable e) {
            Closing.after(e, file);
            throw e;
        }
    }

    private static NativeFile openWith(Opener opener, Path path, int flags) throws IOException {
        try {
            return opener.open(path, flags);
        } catch (ErrnoException e) {
            throw switch (e.errno()) {
                case Errno.EBUSY -> new IOException(path + " is mounted or in use by another process", e);
                case Errno.EACCES, Errno.EPERM, Errno.EROFS ->
                    new IOException(path + " is not writable for this user: " + e.getMessage(), e);
                case Errno.ENOENT -> new IOException("the directory of " + path + " does not exist", e);
                default -> e;
            };
        }
    }

    private static void reserve(NativeFile file, Path path, long bytes, boolean created) throws IOException {
        long before = file.size();
        FileStore store = Files.getFileStore(path);
        long free = store.getUsableSpace();
        try {
            // fallocate would fill the disk before it says so. A memory file system without a limit has a total of 0.
            if (store.getTotalSpace() > 0 && bytes - before > free) {
                throw new ErrnoException("fallocate", path.toString(), Errno.ENOSPC);
            }
            file.reserve(bytes);
        } catch (ErrnoException e) {
            // What was reserved until then must not fill the file system for nothing.
            if (created) {
                Files.deleteIfExists(path);
            } else if (file.size() > before) {
                file.truncate(before);
            }
            throw switch (e.errno()) {
                case Errno.ENOSPC, Errno.EDQUOT ->
                    new IOException(
                            "no room for the backing file " + path + ": it needs " + bytes + " bytes, and " + free
                                    + " are free; give it a smaller size or another place",
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

    static boolean isBlockDevice(Path path) throws IOException {
        return Files.exists(path) && ((int) Files.getAttribute(path, "unix:mode") & S_IFMT) == S_IFBLK;
    }

    private void probe() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            file.read(arena.allocate(ALIGNMENT, ALIGNMENT), ALIGNMENT, 0);
        }
    }

    /** Whether it goes past the page cache. */
    boolean direct() {
        return direct;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public int read(MemorySegment into, int length, long position) throws IOException {
        return file.read(into, length, position);
    }

    @Override
    public int write(MemorySegment from, int length, long position) throws IOException {
        return file.write(from, length, position);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    @Override
    public String toString() {
        return "backing file " + file;
    }
}
