package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The calls of {@code sys/prctl.h}, {@code sched.h} and, as far as they are about processes, {@code unistd.h}. See
 * {@link NativeCall}.
 */
final class LinuxProcess {
    // linux/prctl.h
    static final int PR_SET_IO_FLUSHER = 57;
    static final int PR_GET_IO_FLUSHER = 58;
    // linux/sched.h
    static final int SCHED_OTHER = 0;
    static final int SCHED_RR = 2;

    private static final MethodHandle PRCTL =
            NativeCall.variadic("prctl", 1, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle SCHED_SETSCHEDULER =
            NativeCall.call("sched_setscheduler", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle SCHED_GETSCHEDULER = NativeCall.call("sched_getscheduler", JAVA_INT, JAVA_INT);
    private static final MethodHandle EXECV = NativeCall.call("execv", JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle EXIT = NativeCall.plain("_exit", FunctionDescriptor.ofVoid(JAVA_INT));

    private LinuxProcess() {}

    static int prctl(int option, long argument) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) PRCTL.invokeExact(state, option, argument, 0L, 0L, 0L), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    /** Of the calling thread. */
    static int schedSetscheduler(int policy, int priority) {
        MemorySegment state = NativeCall.state();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment parameter = arena.allocateFrom(JAVA_INT, priority);
            return NativeCall.result((int) SCHED_SETSCHEDULER.invokeExact(state, 0, policy, parameter), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    /** Of the calling thread. */
    static int schedGetscheduler() {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) SCHED_GETSCHEDULER.invokeExact(state, 0), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    /** Returns only if it fails. */
    static int execv(MemorySegment path, MemorySegment arguments) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) EXECV.invokeExact(state, path, arguments), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static void exit(int status) {
        try {
            EXIT.invokeExact(status);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }
}
