package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Programs that the kernel runs where it calls a function of its own (bpf(2), kprobes), and memory that they share with
 * processes. What is made here ends with the last process that has it open, unless it is pinned to a path below a bpf
 * file system.
 */
public final class Bpf {
    /** Where the first argument of a function is in {@code struct pt_regs}, which a program begins with: rdi, x0. */
    public static final int FIRST_ARGUMENT = System.getProperty("os.arch").equals("aarch64") ? 0 : 112;

    /** What the kernel enters for swapoff(2) (arch/x86/include/asm/syscall_wrapper.h, likewise arm64's). */
    public static final String SWAPOFF_CALL =
            System.getProperty("os.arch").equals("aarch64") ? "__arm64_sys_swapoff" : "__x64_sys_swapoff";

    /** What it enters for that of a 32-bit program, where it runs such and that is another function. */
    public static final String SWAPOFF_CALL_32 = "__ia32_sys_swapoff";

    /** The most that any command takes here. */
    private static final int ATTRIBUTE_BYTES = 128;

    private static final int LOG_BYTES = 1 << 16;

    /** Of all: a probe of a function has one on each by that (kernel/trace/trace_kprobe.c, kprobe_perf_func). */
    private static final int FIRST_PROCESSOR = 0;

    private Bpf() {}

    /** An array of 64-bit words that {@link NativeFile#map} maps, all 0; programs find a word by its index. */
    public static NativeFile array(int words) throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(ATTRIBUTE_BYTES, Long.BYTES);
            attributes.set(JAVA_INT, 0, LinuxBpf.BPF_MAP_TYPE_ARRAY);
            attributes.set(JAVA_INT, 4, Integer.BYTES); // key_size
            attributes.set(JAVA_INT, 8, Long.BYTES); // value_size
            attributes.set(JAVA_INT, 12, words); // max_entries
            attributes.set(JAVA_INT, 16, LinuxBpf.BPF_F_MMAPABLE); // map_flags
            return file(LinuxBpf.bpf(LinuxBpf.BPF_MAP_CREATE, attributes), "bpf(BPF_MAP_CREATE)", "an array");
        }
    }

    /**
     * Has the kernel run a program each time that it calls a function, until what is returned is closed.
     *
     * @throws IOException also if it has no such function, or will not run the program
     */
    public static NativeFile attach(BpfProgram program, String function) throws IOException {
        try (NativeFile loaded = load(program);
                NativeFile event = kprobe(function);
                Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(ATTRIBUTE_BYTES, Long.BYTES);
            attributes.set(JAVA_INT, 0, loaded.descriptor()); // link_create.prog_fd
            attributes.set(JAVA_INT, 4, event.descriptor()); // target_fd
            attributes.set(JAVA_INT, 8, LinuxBpf.BPF_PERF_EVENT); // attach_type
            return file(LinuxBpf.bpf(LinuxBpf.BPF_LINK_CREATE, attributes), "bpf(BPF_LINK_CREATE)", function);
        }
    }

    /** Has the kernel check a program, and keep it until what is returned is closed. */
    public static NativeFile load(BpfProgram program) throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(ATTRIBUTE_BYTES, Long.BYTES);
            MemorySegment instructions = arena.allocateFrom(JAVA_LONG, program.instructions());
            MemorySegment log = arena.allocate(LOG_BYTES);
            attributes.set(JAVA_INT, 0, LinuxBpf.BPF_PROG_TYPE_KPROBE);
            attributes.set(JAVA_INT, 4, (int) (instructions.byteSize() / Long.BYTES));
            attributes.set(JAVA_LONG, 8, instructions.address());
            attributes.set(JAVA_LONG, 16, arena.allocateFrom("GPL").address()); // license
            attributes.set(JAVA_INT, 24, 1); // log_level
            attributes.set(JAVA_INT, 28, LOG_BYTES);
            attributes.set(JAVA_LONG, 32, log.address());
            int result = LinuxBpf.bpf(LinuxBpf.BPF_PROG_LOAD, attributes);
            return file(
                    result, "bpf(BPF_PROG_LOAD)", result < 0 ? ("a program for kprobes " + lastLine(log)).strip() : "");
        }
    }

    /** What the verifier said of it; nothing if it was not asked, for want of a privilege. */
    private static String lastLine(MemorySegment log) {
        return log.getString(0, UTF_8).lines().reduce("", (_, line) -> line);
    }

    private static NativeFile kprobe(String function) throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(LinuxBpf.PERF_ATTR_SIZE_VER1, Long.BYTES);
            attributes.set(JAVA_INT, 0, KprobeType.number());
            attributes.set(JAVA_INT, 4, LinuxBpf.PERF_ATTR_SIZE_VER1);
            attributes.set(JAVA_LONG, 56, arena.allocateFrom(function).address()); // kprobe_func
            int result = LinuxBpf.perfEventOpen(attributes, FIRST_PROCESSOR, LinuxBpf.PERF_FLAG_FD_CLOEXEC);
            return file(result, "perf_event_open", function);
        }
    }

    /** Calls swapoff(2) of nothing, to no other effect than that the kernel enters {@link #SWAPOFF_CALL}. */
    public static void swapOffNothing() {
        try (Arena arena = Arena.ofConfined()) {
            int unused = LinuxSwap.swapoff(arena.allocateFrom(""));
        }
    }

    /** Keeps it as long as the path is there. Its directory must lie on a bpf file system. */
    public static void pin(NativeFile file, Path path) throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = pathOf(path, arena);
            attributes.set(JAVA_INT, 8, file.descriptor()); // bpf_fd
            NativeFile.check(LinuxBpf.bpf(LinuxBpf.BPF_OBJ_PIN, attributes), "bpf(BPF_OBJ_PIN)", path.toString());
        }
    }

    /** Opens what is pinned at a path. */
    public static NativeFile pinned(Path path) throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            return file(LinuxBpf.bpf(LinuxBpf.BPF_OBJ_GET, pathOf(path, arena)), "bpf(BPF_OBJ_GET)", path.toString());
        }
    }

    private static MemorySegment pathOf(Path path, Arena arena) {
        MemorySegment attributes = arena.allocate(ATTRIBUTE_BYTES, Long.BYTES);
        attributes.set(JAVA_LONG, 0, arena.allocateFrom(path.toString()).address());
        return attributes;
    }

    private static NativeFile file(int descriptor, String call, String name) throws ErrnoException {
        return NativeFile.of(NativeFile.check(descriptor, call, name), name);
    }
}
