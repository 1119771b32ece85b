package dev.ramzswap.linux;

import dev.ramzswap.closing.Closing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Opening of files that stand for something by their lock. It is always the lock of what is at the path: whoever had it
 * before may have removed the file since this process opened it, and another may have made a new one there, and have
 * the lock of that. And it is this user's own: what somebody else has put at the path is neither followed nor opened.
 */
public final class LockedFiles {
    private interface Locking {
        void lock(NativeFile file) throws IOException;
    }

    private LockedFiles() {}

    /**
     * Opens a file for reading and writing, or creates it, and takes its lock, for which it waits as long as it takes.
     *
     * @param beforeWaiting is run if another open file has it
     */
    static NativeFile await(Path path, Runnable beforeWaiting) throws IOException {
        AtomicBoolean isWaiting = new AtomicBoolean();
        return open(
                path,
                file -> file.lock(() -> {
                    if (!isWaiting.getAndSet(true)) {
                        beforeWaiting.run();
                    }
                }));
    }

    /**
     * The same without waiting, but for a process that is just ending.
     *
     * @throws IOException with a message for the user, also if another process has the lock
     */
    static NativeFile open(Path path) throws IOException {
        return open(path, NativeFile.ENDING);
    }

    /**
     * The same, but waits so long for who has the lock. A file that is made is its owner's alone, whatever the umask.
     */
    public static NativeFile open(Path path, Duration patience) throws IOException {
        return tryOpen(path, patience)
                .orElseThrow(() -> new IOException(path + " is in use by another process: stop that one first"));
    }

    /**
     * The same, but empty if another process still has the lock then. On a file system that is read-only, it is opened
     * for reading, if it is there.
     */
    public static Optional<NativeFile> tryOpen(Path path, Duration patience) throws IOException {
        AtomicBoolean isLocked = new AtomicBoolean();
        NativeFile file = open(path, it -> isLocked.set(it.tryLock(patience)));
        if (isLocked.get()) {
            return Optional.of(file);
        }
        file.close();
        return Optional.empty();
    }

    private static NativeFile open(Path path, Locking locking) throws IOException {
        Optional<NativeFile> file = attempt(path, locking);
        while (file.isEmpty()) {
            file = attempt(path, locking);
        }
        return file.get();
    }

    private static NativeFile openOrCreate(Path path) throws ErrnoException {
        try {
            return NativeFile.open(path, NativeFile.O_RDWR | NativeFile.O_CREAT | NativeFile.O_NOFOLLOW);
        } catch (ErrnoException e) {
            if (e.errno() == Errno.EROFS && Files.exists(path)) {
                return NativeFile.open(path, NativeFile.O_RDONLY | NativeFile.O_NOFOLLOW);
            }
            throw e;
        }
    }

    private static void requireOwn(NativeFile file, Path path) throws IOException {
        if ((Integer) Files.getAttribute(file.procPath(), "unix:uid") != Self.uid()) {
            throw new IOException(path + " belongs to somebody else: remove it, or use another directory");
        }
    }

    /** Empty if what was opened is not at the path any more. */
    private static Optional<NativeFile> attempt(Path path, Locking locking) throws IOException {
        NativeFile file = openOrCreate(path);
        try {
            requireOwn(file, path);
            locking.lock(file);
            if (file.isAt(path)) {
                return Optional.of(file);
            }
        } catch (Throwable e) {
            Closing.after(e, file);
            throw e;
        }
        file.close();
        return Optional.empty();
    }
}
