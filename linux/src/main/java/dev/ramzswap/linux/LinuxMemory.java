package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The calls of {@code sys/mman.h}. See {@link NativeCall}. */
final class LinuxMemory {
    // asm-generic/mman-common.h
    static final int PROT_READ = 1;
    static final int PROT_WRITE = 2;
    static final int MADV_NOHUGEPAGE = 15;
    static final int MADV_DONTDUMP = 16;

    /** Linux 5.4. */
    static final int MADV_PAGEOUT = 21;

    /** Linux 5.14. */
    static final int MADV_POPULATE_READ = 22;

    /** Linux 5.14. */
    static final int MADV_POPULATE_WRITE = 23;
    // linux/mman.h
    static final int MAP_SHARED = 1;
    static final int MAP_PRIVATE = 2;
    // asm-generic/mman-common.h
    static final int MAP_ANONYMOUS = 0x20;
    // asm-generic/mman.h
    static final int MCL_CURRENT = 1;
    static final int MCL_FUTURE = 2;
    static final int MCL_ONFAULT = 4;
    // linux/memfd.h
    static final int MFD_CLOEXEC = 1;

    private static final MethodHandle MEMFD_CREATE = NativeCall.call("memfd_create", JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle MMAP =
            NativeCall.call("mmap", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle MUNMAP = NativeCall.call("munmap", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle MADVISE = NativeCall.call("madvise", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle MLOCKALL = NativeCall.call("mlockall", JAVA_INT, JAVA_INT);

    private LinuxMemory() {}

    static int memfdCreate(MemorySegment name, int flags) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) MEMFD_CREATE.invokeExact(state, name, flags), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    /** The address, or the negated error number: addresses of user space are positive. */
    static long mmap(long bytes, int protection, int flags, int fd, long offset) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((long) MMAP.invokeExact(state, 0L, bytes, protection, flags, fd, offset), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static int munmap(long address, long bytes) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) MUNMAP.invokeExact(state, address, bytes), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static int madvise(long address, long bytes, int advice) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) MADVISE.invokeExact(state, address, bytes, advice), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static int mlockall(int flags) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) MLOCKALL.invokeExact(state, flags), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }
}
