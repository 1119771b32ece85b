package dev.ramzswap.attach;

import dev.ramzswap.config.Cause;
import dev.ramzswap.linux.DeviceNumber;
import dev.ramzswap.linux.Errno;
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

    /** @throws IOException also if another still has it after so long */
    NativeFile take(Duration patience) throws IOException {
        return tryTake(patience).orElseThrow(() -> new IOException(other() + " is under way: wait for it"));
    }

    /**
     * Waits for who has it, and shows for whom. Where no such file can be made, nobody has it, and nobody can take it:
     * then it goes without, since a runtime directory that is full or read-only must not keep the pages from coming
     * back.
     *
     * @param out where it says that
     * @throws IOException also if another still has it after 15 minutes
     */
    Closeable await(ProgressLine progress, PrintWriter out) throws IOException, InterruptedException {
        try {
            Optional<NativeFile> lock = tryTakeIfThere();
            return (lock.isPresent() ? lock.get() : awaitOther(progress))::close;
        } catch (IOException e) {
            if (Files.isDirectory(dir.path()) && !isUnmade(e)) {
                throw e;
            }
            out.println(export + ": goes on without a lock, which cannot be made (" + Cause.of(e) + ")");
            return () -> {};
        }
    }

    private boolean isUnmade(IOException e) {
        boolean isOfFile = e instanceof ErrnoException || e instanceof FileSystemException;
        return isOfFile && !Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    }

    private NativeFile awaitOther(ProgressLine progress) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        try {
            while (System.nanoTime() - deadline < 0) {
                progress.show(export + ": waits for " + other());
                Optional<NativeFile> lock = tryTakeIfThere();
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

    /** As long as an interval between two looks, and also in a directory that has become read-only. */
    private Optional<NativeFile> tryTakeIfThere() throws IOException {
        try {
            return tryTake(LOOK);
        } catch (ErrnoException e) {
            if (e.errno() == Errno.EROFS) {
                return LockedFiles.tryOpenToRead(path, LOOK);
            }
            throw e;
        }
    }

    private String other() {
        return "another swapon or swapoff of " + export
                + holder().map(pid -> " (pid " + pid + ")").orElse("");
    }

    /**
     * As {@code /proc/locks} has it, {@code 1: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE 0 EOF}: the device's numbers
     * in hexadecimal digits, two at least (lock_get_status in fs/locks.c).
     */
    private Optional<String> holder() {
        try {
            var device = new DeviceNumber((Long) Files.getAttribute(path, "unix:dev"));
            Object inode = Files.getAttribute(path, "unix:ino");
            String file = "%02x:%02x:%s".formatted(device.major(), device.minor(), inode);
            return machine.files().lines("/proc/locks").stream()
                    .map(line -> line.split("\\s+"))
                    .filter(words -> words.length > 5 && words[1].equals("FLOCK") && words[5].equals(file))
                    .map(words -> words[4])
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty(); // it is only for the user to know
        }
    }
}
