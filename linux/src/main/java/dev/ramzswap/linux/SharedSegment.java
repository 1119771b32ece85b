package dev.ramzswap.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Memory that outlives the process without a file system: a System V shared memory segment. To the kernel it is a tmpfs
 * file without a path. Locked (SHM_LOCK), it has the mark that the files of a tmpfs mounted with {@code noswap} have
 * (mapping_set_unevictable), so none of its pages is ever swapped, also while nobody maps it. And it can be opened: by
 * the link in {@code /proc/self/map_files} to what is attached. Then it is a {@link NativeFile} like any memory file,
 * in which holes can be punched.
 *
 * <p>A file can stand for it, which holds one line: key, bytes, IPC namespace. The key is what {@code ipcs -m} shows
 * and {@code ipcrm -M} takes.
 *
 * @param key by which the processes of an IPC namespace find it
 * @param bytes its size, a multiple of 4096
 * @param namespace as {@code /proc/self/ns/ipc} names it
 */
record SharedSegment(int key, long bytes, String namespace) {
    private static final int OWNER_ONLY = 0600;
    private static final int MAX_LINE_BYTES = 100;
    private static final Pattern LINE = Pattern.compile("0x([0-9a-f]{8}) ([0-9]{1,18}) (\\S+)\n");
    private static final Path SYSCTL = Path.of("/proc/sys");
    private static final Path NAMESPACE = Path.of("/proc/self/ns/ipc");

    /**
     * Makes one, which takes no memory yet.
     *
     * @throws IOException if the system has no such memory, or allows less of it: names the sysctl that does not
     */
    static SharedSegment create(long bytes) throws IOException {
        SplittableRandom keys = new SplittableRandom();
        int flags = LinuxIpc.IPC_CREAT | LinuxIpc.IPC_EXCL | LinuxIpc.SHM_NORESERVE | OWNER_ONLY;
        int key;
        int id;
        do {
            key = keys.nextInt(1, Integer.MAX_VALUE);
            id = LinuxIpc.shmget(key, bytes, flags);
        } while (id == -Errno.EEXIST);
        SharedSegment segment = new SharedSegment(key, bytes, currentNamespace());
        if (id < 0) {
            throw refused(new ErrnoException("shmget", "shared memory of " + bytes + " bytes", -id), bytes);
        }
        return segment;
    }

    private static IOException refused(ErrnoException e, long bytes) {
        String cure = new SegmentLimits(SYSCTL).cure(e.errno(), bytes);
        return new IOException(e.getMessage() + cure, e);
    }

    /**
     * What a file stands for, if that exists.
     *
     * @throws IOException if it is in another IPC namespace, or the file is something else
     */
    static Optional<SharedSegment> of(Path file) throws IOException {
        if (Files.size(file) == 0) {
            return Optional.empty();
        }
        requireReachable(file);
        SharedSegment segment = parse(file)
                .orElseThrow(() -> new LastingException(
                        file + " does not say where its memory is, since another version made it: remove it"));
        return segment.exists() ? Optional.of(segment) : Optional.empty();
    }

    /** If a file stands for one, checks that it is in the IPC namespace of this process. */
    static void requireReachable(Path file) throws IOException {
        Optional<SharedSegment> segment = parse(file);
        if (segment.isPresent() && !segment.get().namespace.equals(currentNamespace())) {
            throw new LastingException(
                    file + " stands for shared memory in the IPC namespace " + segment.get().namespace
                            + ", and this process is in " + currentNamespace()
                            + ": run all daemons of a state directory in the machine's own (PrivateIPC=no)");
        }
    }

    /** What a file says that it stands for, whether that exists or not. */
    static Optional<SharedSegment> parse(Path file) throws IOException {
        // A pipe, which somebody else may have made, would keep whoever opens it waiting.
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) > MAX_LINE_BYTES) {
            return Optional.empty();
        }
        Matcher line = LINE.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
        return line.matches()
                ? Optional.of(new SharedSegment(
                        Integer.parseUnsignedInt(line.group(1), 16), Long.parseLong(line.group(2)), line.group(3)))
                : Optional.empty();
    }

    /** Gives the memory up for which a file stands, if it does; who maps it still has it. */
    static void removeOf(Path file) throws IOException {
        Optional<SharedSegment> segment = parse(file);
        if (segment.isPresent() && segment.get().exists()) {
            segment.get().control(LinuxIpc.IPC_RMID, "shmctl(IPC_RMID)");
        }
    }

    /** The line for a file that stands for it. */
    String line() {
        return "0x%08x %d %s\n".formatted(key, bytes, namespace);
    }

    /**
     * Opens it, and locks it first.
     *
     * @param file that stands for it
     * @throws IOException if that is refused
     */
    NativeFile open(Path file) throws IOException {
        try {
            control(LinuxIpc.SHM_LOCK, "shmctl(SHM_LOCK)");
            NativeFile opened = openAttached(check(LinuxIpc.shmat(id()), "shmat", this));
            if (!exists()) {
                opened.close();
                throw new LastingException(
                        file + ": shared memory would not outlive the daemon: set sysctl kernel.shm_rmid_forced=0");
            }
            return opened;
        } catch (ErrnoException e) {
            throw new IOException(
                    file + ": its file system cannot give memory back (ramfs), and shared memory instead is refused: "
                            + e.getMessage() + "; give CAP_IPC_LOCK and CAP_SYS_ADMIN, or use tmpfs",
                    e);
        }
    }

    private NativeFile openAttached(long address) throws ErrnoException {
        try {
            String range = Long.toHexString(address) + "-" + Long.toHexString(address + bytes);
            return NativeFile.open(Path.of("/proc/self/map_files", range), NativeFile.O_RDWR);
        } finally {
            check(LinuxIpc.shmdt(address), "shmdt", this);
        }
    }

    private boolean exists() throws ErrnoException {
        int id = id();
        if (id != -Errno.ENOENT) {
            check(id, "shmget", this);
        }
        return id >= 0;
    }

    private int id() {
        return LinuxIpc.shmget(key, 0, 0);
    }

    private void control(int command, String call) throws ErrnoException {
        check(LinuxIpc.shmctl(id(), command), call, this);
    }

    private static String currentNamespace() throws IOException {
        return Files.readSymbolicLink(NAMESPACE).toString();
    }

    private static long check(long result, String call, SharedSegment segment) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, segment.toString(), (int) -result);
        }
        return result;
    }

    @Override
    public String toString() {
        return "shared memory 0x%08x".formatted(key);
    }
}
