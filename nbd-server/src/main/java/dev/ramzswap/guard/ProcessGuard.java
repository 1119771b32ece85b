package dev.ramzswap.guard;

import dev.ramzswap.config.Protection;
import dev.ramzswap.linux.Errno;
import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.LastingException;
import dev.ramzswap.linux.Self;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/**
 * Makes this process one that the kernel can swap on. When memory is short, the kernel waits for it; so it must never
 * wait for memory that only its own device could free:
 *
 * <ol>
 *   <li>{@link #mark}: every thread is an I/O flusher (PR_SET_IO_FLUSHER), so that its allocations do not start I/O and
 *       wait for it. The mark is a thread's own and is kept by execve: the process marks itself and executes itself
 *       again, which is the only way to mark the threads that the JVM itself makes.
 *   <li>The OOM killer must take anybody else, and so must systemd when it kills all that is left at the end of a
 *       shutdown: swap that could not be taken off is still in use then. Systemd spares root's processes whose first
 *       word begins with an "@" (https://systemd.io/ROOT_STORAGE_DAEMONS).
 *   <li>All threads are of real-time priority, but for those that make themselves ordinary. Not for the time, but since
 *       the kernel allows them a part of its reserve: a reply to the kernel needs a socket buffer, and an I/O flusher
 *       that finds no memory tries again for ever, as it may neither write pages out nor call the OOM killer.
 *   <li>{@link #lock}: no page of it is ever swapped out, and what it may need is in memory before the first client
 *       comes.
 * </ol>
 *
 * What is on the way of a page asks for no memory of its own: see {@code WarmUp} and {@code StoreConfig.ahead}.
 */
public final class ProcessGuard {
    private static final System.Logger LOG = System.getLogger(ProcessGuard.class.getName());
    private static final Path PROC = Path.of("/proc/self");
    private static final String CAN_LOCK = "CAP_IPC_LOCK, or an unlimited RLIMIT_MEMLOCK";
    /** A bit for each kind of memory: core(5). */
    private static final String DUMP_NOTHING = "0";

    private static final String NEVER = "-1000";
    private static final String SPARED_AT_SHUTDOWN = "@";

    private ProcessGuard() {}

    /**
     * Keeps the memory out of core dumps, whoever is served: it is that of other programs. The mark is kept by execve.
     */
    public static void keepOutOfCoreDumps() {
        try {
            Files.writeString(PROC.resolve("coredump_filter"), DUMP_NOTHING);
        } catch (NoSuchFileException e) {
            LOG.log(Level.DEBUG, "this kernel writes no core dumps"); // CONFIG_ELF_CORE
        } catch (IOException e) {
            LOG.log(Level.WARNING, "a core dump would hold pages: " + e);
        }
    }

    /**
     * The first three steps. Returns when this process is marked, which is in its second life.
     *
     * @param lastWords is run at the end of its first one
     * @throws IOException with a message for the user, if it lacks the capability
     */
    public static void mark(Protection protection, Runnable lastWords) throws IOException {
        if (!protection.isSwap()) {
            return;
        }
        if (Self.isIoFlusher()) {
            // As early as can be: a page that is swapped out before it is locked stays so until it is touched.
            lockEarly(protection);
            return;
        }
        try {
            Self.setIoFlusher();
            Files.writeString(PROC.resolve("oom_score_adj"), NEVER);
        } catch (IOException e) {
            refuse(protection, "CAP_SYS_RESOURCE", e);
            return;
        }
        try {
            Self.setRealTime();
        } catch (IOException e) {
            LOG.log(
                    Level.WARNING,
                    "--swap: its replies may wait for memory: " + e.getMessage() + ": grant CAP_SYS_NICE");
        }
        lastWords.run();
        Self.execute(Files.readSymbolicLink(PROC.resolve("exe")), spared(Files.readString(PROC.resolve("cmdline"))));
    }

    private static void lockEarly(Protection protection) throws IOException {
        try {
            Self.lockMemory();
        } catch (IOException e) {
            refuse(protection, CAN_LOCK, e);
        }
    }

    /** The command line of the second life. The JVM finds its files by /proc/self/exe, whatever its first word is. */
    static List<String> spared(String commandLine) {
        List<String> words = List.of((SPARED_AT_SHUTDOWN + commandLine).split("\0", -1));
        return words.subList(0, words.size() - 1); // without what is behind the last word's end
    }

    /**
     * The last step, when all that the way of a page needs has been used once.
     *
     * @throws IOException with a message for the user, if it lacks the capability
     */
    public static void lock(Protection protection) throws IOException {
        try {
            Self.lockMemory();
            Self.populate(ProcessGuard::isOfNoUse);
        } catch (IOException e) {
            refuse(protection, CAN_LOCK, e);
        }
    }

    /**
     * The JDK's own class file store is large and, once the classes are loaded, of no more use. What AES needs of
     * libcrypto was used by the warm-up, and is in memory; the rest is what else OpenSSL can do.
     */
    private static boolean isOfNoUse(String path) {
        return path.endsWith("/lib/modules") || path.contains("/libcrypto.so.");
    }

    /**
     * After {@link #lock}, when the stores are mapped, which are populated bit by bit: what else comes is locked whole.
     *
     * @throws IOException as {@link #lock}
     */
    public static void lockNewMemoryWhole(Protection protection) throws IOException {
        try {
            Self.lockNewMemoryWhole();
        } catch (IOException e) {
            refuse(protection, CAN_LOCK, e);
        }
    }

    private static void refuse(Protection protection, String missing, IOException cause) throws IOException {
        String message = "--swap: the daemon cannot be guarded against lack of memory: " + cause.getMessage()
                + ": run it as root or give it " + missing;
        if (!protection.isUnsafe()) {
            String all = message + "; --unsafe serves all the same";
            throw cause instanceof ErrnoException e && e.errno() == Errno.EPERM
                    ? new LastingException(all, e)
                    : new IOException(all, cause);
        }
        LOG.log(Level.WARNING, message);
    }
}
