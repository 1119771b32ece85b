package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The calls of {@code linux/bpf.h} and {@code linux/perf_event.h}, for which the C library has none. See
 * {@link NativeCall}.
 */
final class LinuxBpf {
    // linux/bpf.h, enum bpf_cmd
    static final int BPF_MAP_CREATE = 0;
    static final int BPF_PROG_LOAD = 5;
    static final int BPF_OBJ_PIN = 6;
    static final int BPF_OBJ_GET = 7;
    static final int BPF_LINK_CREATE = 28;
    // enum bpf_map_type
    static final int BPF_MAP_TYPE_ARRAY = 2;
    static final int BPF_F_MMAPABLE = 1 << 10;
    // enum bpf_prog_type, enum bpf_attach_type
    static final int BPF_PROG_TYPE_KPROBE = 2;
    static final int BPF_PERF_EVENT = 41;
    // linux/perf_event.h
    static final long PERF_FLAG_FD_CLOEXEC = 8;
    static final int PERF_ATTR_SIZE_VER1 = 72;

    // asm/unistd_64.h; asm-generic/unistd.h
    private static final boolean IS_ARM = System.getProperty("os.arch").equals("aarch64");
    private static final long SYS_BPF = IS_ARM ? 280 : 321;
    private static final long SYS_PERF_EVENT_OPEN = IS_ARM ? 241 : 298;

    private static final MethodHandle BPF =
            NativeCall.variadic("syscall", 1, JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle PERF_EVENT_OPEN =
            NativeCall.variadic("syscall", 1, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);

    private LinuxBpf() {}

    static int bpf(int command, MemorySegment attributes) {
        MemorySegment state = NativeCall.state();
        try {
            long result = (long) BPF.invokeExact(state, SYS_BPF, command, attributes, (int) attributes.byteSize());
            return (int) NativeCall.result(result, state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    /** Of all processes, on a processor. */
    static int perfEventOpen(MemorySegment attributes, int processor, long flags) {
        MemorySegment state = NativeCall.state();
        try {
            long result = (long)
                    PERF_EVENT_OPEN.invokeExact(state, SYS_PERF_EVENT_OPEN, attributes, -1, processor, -1, flags);
            return (int) NativeCall.result(result, state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }
}
