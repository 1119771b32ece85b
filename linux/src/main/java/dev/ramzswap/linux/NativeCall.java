package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * What the classes {@code Linux...} are made of: system calls, each one method, by {@code java.lang.foreign}. There is
 * one such class for each header or two; each constant has the header above it that defines it. A method returns what
 * the kernel itself returns: the result, or the negated error number; it neither throws nor allocates once its thread
 * has made a first call. The classes beside them make exceptions of the errors, since they know what the call was
 * about.
 *
 * <p>The downcalls are plain ones, not {@code critical}: a page fault or a slow device inside a critical call would
 * hold up every safepoint.
 */
@SuppressWarnings("restricted") // the daemon grants itself native access
final class NativeCall {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MemoryLayout CALL_STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final ThreadLocal<MemorySegment> STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CALL_STATE));

    private static final AddressLayout C_STRING = ADDRESS.withTargetLayout(MemoryLayout.sequenceLayout(256, JAVA_BYTE));
    private static final MethodHandle STRERROR = plain("strerror", FunctionDescriptor.of(C_STRING, JAVA_INT));

    private NativeCall() {}

    /** A function that says by -1 that the reason is in errno. Its handle takes {@link #state} first. */
    static MethodHandle call(String name, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(result, arguments),
                Linker.Option.captureCallState("errno"));
    }

    /** Such a function whose arguments may vary behind the first {@code fixed}. */
    static MethodHandle variadic(String name, int fixed, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(result, arguments),
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(fixed));
    }

    /** A function without errno. */
    static MethodHandle plain(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), descriptor);
    }

    /** Where the calls of this thread leave errno. */
    static MemorySegment state() {
        return STATE.get();
    }

    static int result(int returned, MemorySegment state) {
        return returned != -1 ? returned : -(int) ERRNO.get(state, 0L);
    }

    static long result(long returned, MemorySegment state) {
        return returned != -1 ? returned : -(int) ERRNO.get(state, 0L);
    }

    /** A downcall throws nothing itself, except for an argument that is not what its handle says. */
    static Error impossible(Throwable e) {
        return e instanceof Error error ? error : new AssertionError(e);
    }

    /** What the C library calls an error number. */
    static String strerror(int errno) {
        try {
            return ((MemorySegment) STRERROR.invokeExact(errno)).getString(0);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }
}
