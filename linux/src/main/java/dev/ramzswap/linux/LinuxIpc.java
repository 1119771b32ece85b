package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The calls of {@code sys/shm.h}. See {@link NativeCall}. */
final class LinuxIpc {
    // linux/ipc.h
    static final int IPC_CREAT = 01000;
    static final int IPC_EXCL = 02000;
    static final int IPC_RMID = 0;
    // linux/shm.h
    static final int SHM_LOCK = 11;
    static final int SHM_NORESERVE = 010000;

    private static final MethodHandle SHMGET = NativeCall.call("shmget", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle SHMAT = NativeCall.call("shmat", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle SHMDT = NativeCall.call("shmdt", JAVA_INT, JAVA_LONG);
    private static final MethodHandle SHMCTL = NativeCall.call("shmctl", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);

    private LinuxIpc() {}

    /**
     * Makes the calls ready, as the first use of this class does. A daemon that takes over comes to them when memory
     * may be short already.
     */
    static void link() {}

    static int shmget(int key, long bytes, int flags) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) SHMGET.invokeExact(state, key, bytes, flags), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    /** The address, or the negated error number. */
    static long shmat(int id) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((long) SHMAT.invokeExact(state, id, MemorySegment.NULL, 0), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static int shmdt(long address) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) SHMDT.invokeExact(state, address), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    /** A command that needs no buffer. */
    static int shmctl(int id, int command) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) SHMCTL.invokeExact(state, id, command, MemorySegment.NULL), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }
}
