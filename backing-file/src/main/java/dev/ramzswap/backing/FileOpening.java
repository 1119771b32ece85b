package dev.ramzswap.backing;

import dev.ramzswap.linux.Errno;
import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.LastingException;
import dev.ramzswap.linux.LockedFiles;
import dev.ramzswap.linux.NativeFile;
import dev.ramzswap.linux.Self;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;

/** Opens a file or device by its path, and says for the user why that cannot be. */
final class FileOpening {
    /** Opens a file by path and flags; tests have others than {@link NativeFile#open}. */
    interface Opener {
        NativeFile open(Path path, int flags) throws ErrnoException;
    }

    private FileOpening() {}

    /** Opens it, and locks it for this process. */
    static NativeFile openLocked(Path path, int flags, Opener opener) throws IOException {
        return LockedFiles.open(path, () -> open(path, flags, opener), file -> {
            if (!file.tryLockOfEnding()) {
                throw new IOException(path + " is in use by another process: stop that one, or give another file");
            }
        });
    }

    static NativeFile open(Path path, int flags, Opener opener) throws IOException {
        try {
            return opener.open(path, flags);
        } catch (ErrnoException e) {
            throw switch (e.errno()) {
                case Errno.EBUSY ->
                    new IOException(
                            path + " is mounted or in use by another process: unmount it or stop that one, or"
                                    + " give another device",
                            e);
                case Errno.EACCES, Errno.EPERM, Errno.EROFS -> new LastingException(refusal(path, e), e);
                case Errno.ENOENT -> missing(path, flags, e);
                default -> e;
            };
        }
    }

    private static String refusal(Path path, ErrnoException e) throws IOException {
        String cure = Sandbox.current().cureFor(path);
        OptionalInt stranger = LockedFiles.strangerAt(path);
        // Root, too: proc_sys_fs(5), protected_regular and protected_symlinks.
        if (e.errno() == Errno.EACCES && cure.isEmpty() && stranger.isPresent()) {
            return path + " belongs to user " + stranger.getAsInt() + ", and user " + Self.uid()
                    + " may not write to it: remove it or chown it to that one, or give another path: "
                    + e.getMessage();
        }
        if (e.errno() == Errno.EROFS && cure.isEmpty()) {
            return path + " is on a read-only file system or device: make that writable, or give another path: "
                    + e.getMessage();
        }
        return path + " is not writable for this user: " + e.getMessage() + cure;
    }

    private static IOException missing(Path path, int flags, ErrnoException e) {
        String cure = Sandbox.current().cureFor(path);
        if ((flags & NativeFile.O_CREAT) == 0) {
            return new IOException(path + " is gone" + cure, e);
        }
        return new LastingException(
                "the directory of " + (Files.isSymbolicLink(path) ? "what " + path + " links to" : path)
                        + " does not exist" + (cure.isEmpty() ? ": make it, or give another path" : cure),
                e);
    }
}
