package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * System calls, each one method, by {@code java.lang.foreign}. A method returns what the kernel itself returns: the
 * result, or the negated error number; it neither throws nor allocates once its thread has made a first call. The
 * classes beside this one make exceptions of the errors, since they know what the call was about.
 *
 * <p>The downcalls are plain ones, not {@code critical}: a page fault or a slow device inside a critical call would
 * hold up every safepoint.
 */
@SuppressWarnings("restricted") // the daemon grants itself native access
final class Linux {
    // bits/mman-linux.h, asm-generic/mman-common.h
    static final int PROT_READ = 1;
    static final int PROT_WRITE = 2;
    static final int MAP_SHARED = 1;
    static final int MADV_DONTDUMP = 16;
    /** Linux 5.14. */
    static final int MADV_POPULATE_READ = 22;

    /** Linux 5.14. */
    static final int MADV_POPULATE_WRITE = 23;
    // bits/mman-linux.h
    static final int SCHED_OTHER = 0;
    static final int SCHED_RR = 2;
    static final int MCL_CURRENT = 1;
    static final int MCL_FUTURE = 2;
    static final int MCL_ONFAULT = 4;
    // linux/prctl.h
    static final int PR_SET_IO_FLUSHER = 57;
    static final int PR_GET_IO_FLUSHER = 58;
    // linux/memfd.h
    static final int MFD_CLOEXEC = 1;
    // linux/falloc.h
    static final int FALLOC_FL_KEEP_SIZE = 1;
    static final int FALLOC_FL_PUNCH_HOLE = 2;
    // bits/ipc.h, bits/shm.h
    static final int IPC_CREAT = 01000;
    static final int IPC_EXCL = 02000;
    static final int IPC_RMID = 0;
    static final int SHM_LOCK = 11;
    static final int SHM_NORESERVE = 010000;
    // sys/file.h
    static final int LOCK_EX = 2;
    static final int LOCK_NB = 4;
    // linux/fs.h
    static final int SEEK_END = 2;
    // bits/socket.h, bits/socket_type.h
    static final short AF_UNIX = 1;
    static final short AF_NETLINK = 16;
    static final int SOCK_STREAM = 1;
    static final int SOCK_DGRAM = 2;
    static final int SOCK_CLOEXEC = 02000000;
    static final int MSG_DONTWAIT = 0x40;
    static final int MSG_NOSIGNAL = 0x4000;
    // asm-generic/socket.h
    static final int SOL_SOCKET = 1;
    static final int SO_LINGER = 13;
    static final int SO_PEERCRED = 17;
    static final int SO_RCVTIMEO = 20;
    static final int SO_SNDTIMEO = 21;
    // asm-generic/poll.h
    static final short POLLHUP = 0x10;
    // asm-generic/fcntl.h
    static final int F_DUPFD_CLOEXEC = 1030;
    // linux/netlink.h
    static final int NETLINK_GENERIC = 16;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MemoryLayout CALL_STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final ThreadLocal<MemorySegment> STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CALL_STATE));

    private static final AddressLayout C_STRING = ADDRESS.withTargetLayout(MemoryLayout.sequenceLayout(256, JAVA_BYTE));

    private static final MethodHandle OPEN = variadic("open", 2, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
    private static final MethodHandle CLOSE = call("close", JAVA_INT, JAVA_INT);
    private static final MethodHandle DUP = call("dup", JAVA_INT, JAVA_INT);
    private static final MethodHandle DUP2 = call("dup2", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle PREAD = call("pread", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle PWRITE = call("pwrite", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle LSEEK = call("lseek", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle FTRUNCATE = call("ftruncate", JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle FALLOCATE = call("fallocate", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle FLOCK = call("flock", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle MEMFD_CREATE = call("memfd_create", JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle SHMGET = call("shmget", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle SHMAT = call("shmat", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle SHMDT = call("shmdt", JAVA_INT, JAVA_LONG);
    private static final MethodHandle SHMCTL = call("shmctl", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle MMAP =
            call("mmap", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle MUNMAP = call("munmap", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle MADVISE = call("madvise", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle MINCORE = call("mincore", JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS);
    private static final MethodHandle MLOCKALL = call("mlockall", JAVA_INT, JAVA_INT);
    private static final MethodHandle PRCTL =
            variadic("prctl", 1, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle SCHED_SETSCHEDULER =
            call("sched_setscheduler", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle SCHED_GETSCHEDULER = call("sched_getscheduler", JAVA_INT, JAVA_INT);
    private static final MethodHandle EXECV = call("execv", JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle SOCKET = call("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle SENDTO =
            call("sendto", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle CONNECT = call("connect", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle SEND = call("send", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle RECV = call("recv", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle SETSOCKOPT =
            call("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle GETSOCKOPT =
            call("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle EXIT =
            LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow("_exit"), FunctionDescriptor.ofVoid(JAVA_INT));
    private static final MethodHandle FCNTL = variadic("fcntl", 2, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle POLL = call("poll", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle STRERROR = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("strerror"), FunctionDescriptor.of(C_STRING, JAVA_INT));

    private Linux() {}

    static int open(MemorySegment path, int flags, int mode) {
        MemorySegment state = STATE.get();
        try {
            return result((int) OPEN.invokeExact(state, path, flags, mode), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int close(int fd) {
        MemorySegment state = STATE.get();
        try {
            return result((int) CLOSE.invokeExact(state, fd), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int dup(int fd) {
        MemorySegment state = STATE.get();
        try {
            return result((int) DUP.invokeExact(state, fd), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int dup2(int from, int to) {
        MemorySegment state = STATE.get();
        try {
            return result((int) DUP2.invokeExact(state, from, to), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static long pread(int fd, MemorySegment into, long length, long position) {
        MemorySegment state = STATE.get();
        try {
            return result((long) PREAD.invokeExact(state, fd, into, length, position), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static long pwrite(int fd, MemorySegment from, long length, long position) {
        MemorySegment state = STATE.get();
        try {
            return result((long) PWRITE.invokeExact(state, fd, from, length, position), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static long lseek(int fd, long offset, int whence) {
        MemorySegment state = STATE.get();
        try {
            return result((long) LSEEK.invokeExact(state, fd, offset, whence), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int ftruncate(int fd, long bytes) {
        MemorySegment state = STATE.get();
        try {
            return result((int) FTRUNCATE.invokeExact(state, fd, bytes), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int fallocate(int fd, int mode, long offset, long bytes) {
        MemorySegment state = STATE.get();
        try {
            return result((int) FALLOCATE.invokeExact(state, fd, mode, offset, bytes), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int flock(int fd, int operation) {
        MemorySegment state = STATE.get();
        try {
            return result((int) FLOCK.invokeExact(state, fd, operation), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int memfdCreate(MemorySegment name, int flags) {
        MemorySegment state = STATE.get();
        try {
            return result((int) MEMFD_CREATE.invokeExact(state, name, flags), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int shmget(int key, long bytes, int flags) {
        MemorySegment state = STATE.get();
        try {
            return result((int) SHMGET.invokeExact(state, key, bytes, flags), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** The address, or the negated error number. */
    static long shmat(int id) {
        MemorySegment state = STATE.get();
        try {
            return result((long) SHMAT.invokeExact(state, id, MemorySegment.NULL, 0), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int shmdt(long address) {
        MemorySegment state = STATE.get();
        try {
            return result((int) SHMDT.invokeExact(state, address), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** A command that needs no buffer. */
    static int shmctl(int id, int command) {
        MemorySegment state = STATE.get();
        try {
            return result((int) SHMCTL.invokeExact(state, id, command, MemorySegment.NULL), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** The address, or the negated error number: addresses of user space are positive. */
    static long mmap(long bytes, int protection, int flags, int fd, long offset) {
        MemorySegment state = STATE.get();
        try {
            return result((long) MMAP.invokeExact(state, 0L, bytes, protection, flags, fd, offset), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int munmap(long address, long bytes) {
        MemorySegment state = STATE.get();
        try {
            return result((int) MUNMAP.invokeExact(state, address, bytes), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int madvise(long address, long bytes, int advice) {
        MemorySegment state = STATE.get();
        try {
            return result((int) MADVISE.invokeExact(state, address, bytes, advice), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int mincore(long address, long bytes, MemorySegment pages) {
        MemorySegment state = STATE.get();
        try {
            return result((int) MINCORE.invokeExact(state, address, bytes, pages), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int mlockall(int flags) {
        MemorySegment state = STATE.get();
        try {
            return result((int) MLOCKALL.invokeExact(state, flags), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int prctl(int option, long argument) {
        MemorySegment state = STATE.get();
        try {
            return result((int) PRCTL.invokeExact(state, option, argument, 0L, 0L, 0L), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** Of the calling thread. */
    static int schedSetscheduler(int policy, int priority) {
        MemorySegment state = STATE.get();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment parameter = arena.allocateFrom(JAVA_INT, priority);
            return result((int) SCHED_SETSCHEDULER.invokeExact(state, 0, policy, parameter), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** Of the calling thread. */
    static int schedGetscheduler() {
        MemorySegment state = STATE.get();
        try {
            return result((int) SCHED_GETSCHEDULER.invokeExact(state, 0), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** Returns only if it fails. */
    static int execv(MemorySegment path, MemorySegment arguments) {
        MemorySegment state = STATE.get();
        try {
            return result((int) EXECV.invokeExact(state, path, arguments), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int socket(int family, int type, int protocol) {
        MemorySegment state = STATE.get();
        try {
            return result((int) SOCKET.invokeExact(state, family, type, protocol), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static long sendto(int fd, MemorySegment message, int flags, MemorySegment address) {
        MemorySegment state = STATE.get();
        try {
            return result(
                    (long) SENDTO.invokeExact(
                            state, fd, message, message.byteSize(), flags, address, (int) address.byteSize()),
                    state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int connect(int fd, MemorySegment address) {
        MemorySegment state = STATE.get();
        try {
            return result((int) CONNECT.invokeExact(state, fd, address, (int) address.byteSize()), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static long send(int fd, MemorySegment bytes, int flags) {
        MemorySegment state = STATE.get();
        try {
            return result((long) SEND.invokeExact(state, fd, bytes, bytes.byteSize(), flags), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static long recv(int fd, MemorySegment into, int flags) {
        MemorySegment state = STATE.get();
        try {
            return result((long) RECV.invokeExact(state, fd, into, into.byteSize(), flags), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int setsockopt(int fd, int level, int option, MemorySegment value) {
        MemorySegment state = STATE.get();
        try {
            return result((int) SETSOCKOPT.invokeExact(state, fd, level, option, value, (int) value.byteSize()), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** @param length an int: bytes of {@code value}, and those that were filled in */
    static int getsockopt(int fd, int level, int option, MemorySegment value, MemorySegment length) {
        MemorySegment state = STATE.get();
        try {
            return result((int) GETSOCKOPT.invokeExact(state, fd, level, option, value, length), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static void exit(int status) {
        try {
            EXIT.invokeExact(status);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int fcntl(int fd, int command, int argument) {
        MemorySegment state = STATE.get();
        try {
            return result((int) FCNTL.invokeExact(state, fd, command, argument), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int poll(MemorySegment descriptors, long count, int timeoutMillis) {
        MemorySegment state = STATE.get();
        try {
            return result((int) POLL.invokeExact(state, descriptors, count, timeoutMillis), state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** What the C library calls an error number. */
    static String strerror(int errno) {
        try {
            return ((MemorySegment) STRERROR.invokeExact(errno)).getString(0);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    private static MethodHandle call(String name, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(result, arguments),
                Linker.Option.captureCallState("errno"));
    }

    private static MethodHandle variadic(String name, int fixed, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(result, arguments),
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(fixed));
    }

    private static int result(int returned, MemorySegment state) {
        return returned != -1 ? returned : -(int) ERRNO.get(state, 0L);
    }

    private static long result(long returned, MemorySegment state) {
        return returned != -1 ? returned : -(int) ERRNO.get(state, 0L);
    }

    /** A downcall throws nothing itself, except for an argument that is not what its handle says. */
    private static Error impossible(Throwable e) {
        return e instanceof Error error ? error : new AssertionError(e);
    }
}
