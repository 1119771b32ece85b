package dev.ramzswap.attach;

import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.LockedFiles;
import dev.ramzswap.linux.NativeFile;
import dev.ramzswap.status.ProgressLine;
import dev.ramzswap.status.RuntimeDir;
import java.io.Closeable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * That who makes an export swap, or takes it off, is alone in that: the lock of {@code NAME.swap.lock} in the runtime
 * directory. A swapoff between a swapon's attaching and its swapon(8) would detach a device with pages on it.
 */
final class SwapLock {
    /** Another swapoff of the same may last as long: TimeoutStopSec= of the unit. */
    private static final Duration PATIENCE = Duration.ofMinutes(15);

    private static final Duration LOOK = Duration.ofMillis(500);

    private final Machine machine;
    private final String export;
    private final RuntimeDir dir;
    private final Path path;

    SwapLock(Machine machine, String export) {
        this.machine = machine;
        this.export = export;
        this.dir = RuntimeDir.own(machine.host());
        this.path = dir.path().resolve(export + ".swap.lock");
    }

    /** @throws IOException also if another has it */
    NativeFile take() throws IOException {
        return tryTake(Duration.ZERO).orElseThrow(() -> new IOException(other() + " is under way: wait for it"));
    }

    /**
     * Waits for who has it, and shows for whom. Where no such file can be made, nobody has it, and nobody can take it:
     * then it goes without, since a full runtime directory must not keep the pages from coming back.
     *
     * @param out where it says that
     * @throws IOException also if another still has it after 15 minutes
     */
    Closeable await(ProgressLine progress, PrintWriter out) throws IOException, InterruptedException {
        try {
            Optional<NativeFile> lock = tryTake(LOOK);
            return (lock.isPresent() ? lock.get() : awaitOther(progress))::close;
        } catch (ErrnoException | FileSystemException e) {
            if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
                throw e;
            }
            out.println(export + ": goes on without a lock, which cannot be made (" + e.getMessage() + ")");
            return () -> {};
        }
    }

    private NativeFile awaitOther(ProgressLine progress) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        try {
            while (System.nanoTime() - deadline < 0) {
                progress.show(export + ": waits for " + other());
                Optional<NativeFile> lock = tryTake(LOOK);
                if (lock.isPresent()) {
                    return lock.get();
                }
                if (Thread.interrupted()) { // it waits no more then
                    throw new InterruptedException();
                }
            }
        } finally {
            progress.end();
        }
        throw new IOException(other() + " does not come to its end: end that one");
    }

    private Optional<NativeFile> tryTake(Duration patience) throws IOException {
        dir.prepare(machine.host());
        return LockedFiles.tryOpen(path, patience);
    }

    private String other() {
        return "another swapon or swapoff of " + export
                + holder().map(pid -> " (pid " + pid + ")").orElse("");
    }

    /** As {@code /proc/locks} has it: {@code 1: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE 0 EOF}. */
    private Optional<String> holder() {
        try {
            String inode = ":" + Files.getAttribute(path, "unix:ino");
            return machine.files().lines("/proc/locks").stream()
                    .map(line -> line.split("\\s+"))
                    .filter(words -> words.length > 5 && words[1].equals("FLOCK") && words[5].endsWith(inode))
                    .map(words -> words[4])
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty(); // it is only for the user to know
        }
    }
}
