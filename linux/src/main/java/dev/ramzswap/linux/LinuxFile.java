package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The calls of {@code fcntl.h}, {@code sys/file.h}, {@code sys/stat.h}, {@code sys/statfs.h} and, as far as they are
 * about files, {@code unistd.h}. See {@link NativeCall}.
 */
final class LinuxFile {
    // linux/falloc.h
    static final int FALLOC_FL_KEEP_SIZE = 1;
    static final int FALLOC_FL_PUNCH_HOLE = 2;
    // asm-generic/fcntl.h
    static final int LOCK_SH = 1;
    static final int LOCK_EX = 2;
    static final int LOCK_NB = 4;
    static final int LOCK_UN = 8;
    // linux/fcntl.h
    static final int F_DUPFD_CLOEXEC = 1030;
    static final int AT_EMPTY_PATH = 0x1000;
    // linux/stat.h
    static final int STATX_BLOCKS = 0x400;
    // linux/fs.h
    static final int SEEK_END = 2;
    static final int SEEK_DATA = 3;
    static final int SEEK_HOLE = 4;
    static final int FS_NOCOW_FL = 0x0080_0000;
    /** _IOR('f', 1, long) and _IOW('f', 2, long) on x86-64 and AArch64; what they point to is an int all the same. */
    static final long FS_IOC_GETFLAGS = 0x8008_6601L;

    static final long FS_IOC_SETFLAGS = 0x4008_6602L;

    private static final MethodHandle OPEN = NativeCall.variadic("open", 2, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
    private static final MethodHandle CLOSE = NativeCall.call("close", JAVA_INT, JAVA_INT);
    private static final MethodHandle DUP = NativeCall.call("dup", JAVA_INT, JAVA_INT);
    private static final MethodHandle DUP2 = NativeCall.call("dup2", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle PREAD =
            NativeCall.call("pread", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle PWRITE =
            NativeCall.call("pwrite", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle LSEEK = NativeCall.call("lseek", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle FTRUNCATE = NativeCall.call("ftruncate", JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle FALLOCATE =
            NativeCall.call("fallocate", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle FLOCK = NativeCall.call("flock", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle STATFS = NativeCall.call("statfs", JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle FCNTL = NativeCall.variadic("fcntl", 2, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle FSTATFS = NativeCall.call("fstatfs", JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle STATX =
            NativeCall.call("statx", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle UMASK = NativeCall.plain("umask", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle IOCTL = NativeCall.variadic("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS);

    private LinuxFile() {}

    static int open(MemorySegment path, int flags, int mode) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) OPEN.invokeExact(state, path, flags, mode), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    /** It cannot fail. @return the one before */
    static int umask(int mask) {
        try {
            return (int) UMASK.invokeExact(mask);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static int close(int fd) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) CLOSE.invokeExact(state, fd), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static int dup(int fd) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) DUP.invokeExact(state, fd), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static int dup2(int from, int to) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) DUP2.invokeExact(state, from, to), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static long pread(int fd, MemorySegment into, long length, long position) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((long) PREAD.invokeExact(state, fd, into, length, position), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static long pwrite(int fd, MemorySegment from, long length, long position) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((long) PWRITE.invokeExact(state, fd, from, length, position), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static long lseek(int fd, long offset, int whence) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((long) LSEEK.invokeExact(state, fd, offset, whence), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static int ftruncate(int fd, long bytes) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) FTRUNCATE.invokeExact(state, fd, bytes), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static int fallocate(int fd, int mode, long offset, long bytes) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) FALLOCATE.invokeExact(state, fd, mode, offset, bytes), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static int flock(int fd, int operation) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) FLOCK.invokeExact(state, fd, operation), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static int statfs(MemorySegment path, MemorySegment into) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) STATFS.invokeExact(state, path, into), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static int fcntl(int fd, int command, int argument) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) FCNTL.invokeExact(state, fd, command, argument), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static int fstatfs(int fd, MemorySegment into) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) FSTATFS.invokeExact(state, fd, into), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static int statx(int fd, MemorySegment path, int flags, int mask, MemorySegment into) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) STATX.invokeExact(state, fd, path, flags, mask, into), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static int ioctl(int fd, long request, MemorySegment argument) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) IOCTL.invokeExact(state, fd, request, argument), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }
}
