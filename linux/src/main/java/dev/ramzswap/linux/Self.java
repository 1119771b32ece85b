package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/** What this process can make of itself, so that the kernel may swap on what it serves. */
public final class Self {
    private static final Path MAPS = Path.of("/proc/self/maps");
    private static final int OWNERS_ACCESS = 0700;

    private Self() {}

    /** The user's number, as which it makes files; 0 is root. */
    public static int uid() throws IOException {
        return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    }

    /** Whether this user has what is at a path, which may be a link. */
    public static boolean owns(Path path) throws IOException {
        try {
            return Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS)
                    .equals(uid());
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /**
     * Has the umask take nothing from the owner of what this process makes from now on: an ordinary user could never
     * open it again. Before there are other threads that make files.
     */
    public static void spareOwner() {
        LinuxFile.umask(LinuxFile.umask(OWNERS_ACCESS) & ~OWNERS_ACCESS);
    }

    /** Whether the calling thread is marked as one that reclaim waits for (Linux 5.6). */
    public static boolean isIoFlusher() {
        return LinuxProcess.prctl(LinuxProcess.PR_GET_IO_FLUSHER, 0) == 1;
    }

    /**
     * Marks the calling thread, and all that it makes or executes from now on: its allocations never wait for I/O to a
     * block device, which may be the one that is served here. Threads that exist already are not marked.
     *
     * @throws IOException if it lacks CAP_SYS_RESOURCE, or the kernel is older than 5.6
     */
    public static void setIoFlusher() throws IOException {
        check("prctl(PR_SET_IO_FLUSHER)", LinuxProcess.prctl(LinuxProcess.PR_SET_IO_FLUSHER, 1));
    }

    /**
     * Makes the calling thread, and all that it makes or executes from now on, run before all ordinary ones, and lets
     * its allocations use a part of the memory that the kernel reserves (mm/page_alloc.c, gfp_to_alloc_flags).
     *
     * @throws IOException if it lacks CAP_SYS_NICE
     */
    public static void setRealTime() throws IOException {
        if (LinuxProcess.schedGetscheduler() == LinuxProcess.SCHED_OTHER) {
            check("sched_setscheduler", LinuxProcess.schedSetscheduler(LinuxProcess.SCHED_RR, 1));
        }
    }

    /** Makes the calling thread an ordinary one again. Anybody may. */
    public static void setOrdinary() throws IOException {
        check("sched_setscheduler", LinuxProcess.schedSetscheduler(LinuxProcess.SCHED_OTHER, 0));
    }

    /**
     * Locks all memory, now and in future, as it is first touched.
     *
     * @throws IOException if it lacks CAP_IPC_LOCK and its limit of locked memory is too low
     */
    public static void lockMemory() throws IOException {
        check(
                "mlockall",
                LinuxMemory.mlockall(LinuxMemory.MCL_CURRENT | LinuxMemory.MCL_FUTURE | LinuxMemory.MCL_ONFAULT));
    }

    /**
     * Locks what will be mapped from now on at once and with all its pages: so are the stack of a new thread and a
     * buffer, which then never grow by a fault.
     *
     * @throws IOException as {@link #lockMemory}
     */
    public static void lockNewMemoryWhole() throws IOException {
        // Without MCL_CURRENT it leaves alone what is mapped: mm/mlock.c, apply_mlockall_flags.
        check("mlockall", LinuxMemory.mlockall(LinuxMemory.MCL_FUTURE));
    }

    /**
     * Touches what is mapped and may be needed: private memory, and files but for those of which {@code isLeftOut} says
     * otherwise. Sparse shared memory is its owner's to populate.
     */
    public static void populate(java.util.function.Predicate<String> isLeftOut) throws IOException {
        for (String line : Files.readAllLines(MAPS)) {
            // ADDRESS-ADDRESS PERMISSIONS OFFSET DEVICE INODE [PATH]
            String[] fields = line.split("\\s+", 6);
            String path = fields.length == 6 ? fields[5] : "";
            String permissions = fields[1];
            boolean isPopulated = permissions.endsWith("p") && permissions.startsWith("r") && !path.startsWith("[v");
            if (isPopulated && !isLeftOut.test(path)) {
                populate(fields[0], permissions.charAt(1) == 'w');
            }
        }
    }

    private static void populate(String range, boolean isWritable) {
        int dash = range.indexOf('-');
        long begin = Long.parseUnsignedLong(range, 0, dash, 16);
        long end = Long.parseUnsignedLong(range, dash + 1, range.length(), 16);
        int advice = isWritable ? LinuxMemory.MADV_POPULATE_WRITE : LinuxMemory.MADV_POPULATE_READ;
        // What cannot be populated (a guard page, a mapping that went away meanwhile) is nothing that a page needs.
        int ignored = LinuxMemory.madvise(begin, end - begin, advice);
    }

    /**
     * Replaces this process by a program: same process id, same open files that are not close-on-exec, same marks.
     *
     * @throws IOException if that fails; it does not return otherwise
     */
    public static void execute(Path program, List<String> arguments) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pointers = arena.allocate(ADDRESS, arguments.size() + 1);
            for (int i = 0; i < arguments.size(); i++) {
                pointers.setAtIndex(ADDRESS, i, arena.allocateFrom(arguments.get(i), StandardCharsets.UTF_8));
            }
            MemorySegment path = arena.allocateFrom(program.toString(), StandardCharsets.UTF_8);
            check("execv " + program, LinuxProcess.execv(path, pointers));
        }
    }

    /**
     * Ends this process at once. {@link Runtime#halt} first waits 300 ms for threads in native code, as all are that
     * read from a socket (HotSpot's vmOperations.cpp, VM_Exit::wait_for_threads_in_native_to_block).
     */
    public static void exit(int status) {
        LinuxProcess.exit(status);
    }

    private static void check(String call, int result) throws IOException {
        if (result < 0) {
            throw new ErrnoException(call, "this process", -result);
        }
    }
}
