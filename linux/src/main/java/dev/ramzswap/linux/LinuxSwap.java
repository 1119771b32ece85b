package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The calls of {@code sys/swap.h}. See {@link NativeCall}. */
final class LinuxSwap {
    private static final MethodHandle SWAPOFF = NativeCall.call("swapoff", JAVA_INT, ADDRESS);

    private LinuxSwap() {}

    static int swapoff(MemorySegment path) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) SWAPOFF.invokeExact(state, path), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }
}
