package dev.ramzswap.linux;

import dev.ramzswap.closing.Closing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Opening of files that stand for something by their lock. It is always the lock of what is at the path: whoever had it
 * before may have removed the file since this process opened it, and another may have made a new one there, and have
 * the lock of that. Unless the caller opens it, it is this user's own, too: what somebody else has put at the path is
 * neither followed nor opened.
 */
public final class LockedFiles {
    /** Opens what is at the path, or makes it. */
    public interface Opening {
        NativeFile open() throws IOException;
    }

    /** Takes the lock of a file, or throws. */
    public interface Locking {
        void lock(NativeFile file) throws IOException;
    }

    private static final int CREATING = NativeFile.O_RDWR | NativeFile.O_CREAT;

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

    /** The same, but waits so long for who has the lock. A file that is made is its owner's alone. */
    public static NativeFile open(Path path, Duration patience) throws IOException {
        return tryOpen(path, patience)
                .orElseThrow(() -> new IOException(path + " is in use by another process: stop that one first"));
    }

    /** The same, but empty if another process still has the lock then. */
    public static Optional<NativeFile> tryOpen(Path path, Duration patience) throws IOException {
        return tryOpen(path, CREATING, patience);
    }

    /** The same of a file that is there, for reading alone: its file system may be read-only by now. */
    public static Optional<NativeFile> tryOpenToRead(Path path, Duration patience) throws IOException {
        return tryOpen(path, NativeFile.O_RDONLY, patience);
    }

    private static Optional<NativeFile> tryOpen(Path path, int flags, Duration patience) throws IOException {
        AtomicBoolean isLocked = new AtomicBoolean();
        NativeFile file = open(path, flags, it -> isLocked.set(it.tryLock(patience)));
        if (isLocked.get()) {
            return Optional.of(file);
        }
        file.close();
        return Optional.empty();
    }

    private static NativeFile open(Path path, Locking locking) throws IOException {
        return open(path, CREATING, locking);
    }

    private static NativeFile open(Path path, int flags, Locking locking) throws IOException {
        return open(path, () -> openOwn(path, flags), locking);
    }

    private static NativeFile openOwn(Path path, int flags) throws IOException {
        NativeFile file;
        try {
            file = NativeFile.open(path, flags | NativeFile.O_NOFOLLOW);
        } catch (ErrnoException e) {
            // Not even for root, of a file in a directory such as /dev/shm: proc_sys_fs(5), protected_regular.
            OptionalInt stranger = e.errno() == Errno.EACCES ? strangerAt(path) : OptionalInt.empty();
            if (stranger.isPresent()) {
                throw new LastingException(ofStranger(path, stranger.getAsInt()), e);
            }
            if (e.errno() == Errno.ELOOP && Files.isSymbolicLink(path)) {
                throw new LastingException(path + " is a symbolic link: remove it, or use another directory", e);
            }
            throw e;
        }
        try {
            int owner = (Integer) Files.getAttribute(file.procPath(), "unix:uid");
            if (owner != Self.uid()) {
                throw new LastingException(ofStranger(path, owner));
            }
            return file;
        } catch (Throwable e) {
            Closing.after(e, file);
            throw e;
        }
    }

    private static String ofStranger(Path path, int user) {
        return path + " belongs to user " + user + ": remove it, or use another directory";
    }

    /** The number of the user who has what is at a path, or the link there, if that is another one than this. */
    public static OptionalInt strangerAt(Path path) {
        try {
            int owner = (Integer) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
            return owner == Self.uid() ? OptionalInt.empty() : OptionalInt.of(owner);
        } catch (IOException e) {
            return OptionalInt.empty(); // Nothing is there, or nothing is known of it.
        }
    }

    /** Opens and locks a file of anybody's, as the caller does that. */
    public static NativeFile open(Path path, Opening opening, Locking locking) throws IOException {
        while (true) {
            NativeFile file = opening.open();
            try {
                locking.lock(file);
                if (file.isAt(path)) {
                    return file;
                }
            } catch (Throwable e) {
                Closing.after(e, file);
                throw e;
            }
            file.close();
        }
    }
}
