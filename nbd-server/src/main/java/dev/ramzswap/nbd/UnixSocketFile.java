package dev.ramzswap.nbd;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.linux.FileType;
import dev.ramzswap.linux.LastingException;
import dev.ramzswap.linux.Self;
import dev.ramzswap.linux.SocketFile;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * A listening Unix socket and its file, which nobody but its owner can connect to at any time. Java can neither set the
 * umask nor come between bind and listen, so the socket is bound in a new directory of mode 0700, gets mode 0600 there,
 * and is then linked to its place; a link never replaces what is there. Tools that list sockets by the address they
 * were bound to show the name in that directory.
 *
 * <p>The socket of a dead daemon (nobody accepts there) is replaced by a rename instead, which needs no room, and
 * leaves the place empty at no time. One that lives, and a file of any other kind, are left alone and make the attempt
 * fail. Two daemons that replace the same dead socket in the same instant are not told apart: the later one gets the
 * place.
 */
public final class UnixSocketFile {
    private static final System.Logger LOG = System.getLogger(UnixSocketFile.class.getName());

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");

    /** strerror(ENOSPC): of a tmpfs without a free inode, too. */
    private static final String NO_ROOM = "No space left on device";

    private static final int TEMPORARY_NAMES = 36 * 36 * 36 * 36;
    /** Of the socket in its private directory. */
    private static final String ASIDE = "s";

    /** Takes milliseconds, and more where memory is short. */
    private static final Duration ATTEMPT = Duration.ofMinutes(1);

    private static final long ENDING_NANOS = 1_000_000_000;
    /** Much less than the kernel waits for who takes over. */
    private static final long ROOM_NANOS = 10_000_000_000L;

    private static final long LOOK_NANOS = 5_000_000;

    private final Path path;
    private ServerSocketChannel channel;
    /** Device and inode: what is at the path later may be a successor's. */
    private Object identity;

    /** @throws IOException with a message that names the path and what is wrong */
    UnixSocketFile(Path path) throws IOException {
        this.path = path;
        if (!SocketFile.fits(path)) {
            throw new LastingException("cannot listen on " + path + ": longer than " + SocketFile.LONGEST_PATH
                    + " bytes: give a shorter path");
        }
        try {
            listen();
        } catch (IOException e) {
            Closing.after(e, this::close);
            String message = "cannot listen on " + path + ": " + reason(e);
            throw isLasting(e) ? new LastingException(message, e) : new IOException(message, e);
        }
    }

    ServerSocketChannel channel() {
        return channel;
    }

    /** Where there is no room, one that has taken over tries again: others come and go, and it must be reached. */
    private void listen() throws IOException {
        long end = System.nanoTime() + (isTaken() ? ROOM_NANOS : 0);
        requireDeadSocket();
        while (true) {
            try {
                listenWhereThereIsRoom();
                return;
            } catch (IOException e) {
                if (!isForWantOfRoom(e) || System.nanoTime() - end >= 0) {
                    throw e;
                }
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private void listenWhereThereIsRoom() throws IOException {
        try {
            listenAside();
        } catch (IOException e) {
            if (!isForWantOfRoom(e)) {
                throw e;
            }
            listenInPlace();
        }
    }

    private static boolean isForWantOfRoom(IOException e) {
        return String.valueOf(e.getMessage()).contains(NO_ROOM);
    }

    private void listenAside() throws IOException {
        Path directory = privateDirectory();
        Path socket = directory.resolve(ASIDE);
        try {
            bind(socket);
            if (isTaken()) {
                requireDeadSocket();
                Files.move(socket, path, StandardCopyOption.ATOMIC_MOVE);
            } else {
                Files.createLink(path, socket);
            }
        } finally {
            Files.deleteIfExists(socket);
            Files.delete(directory);
        }
    }

    /**
     * By the room that the dead socket has, where there is none else. Others can connect for a moment, but only root
     * and the daemon's user may have an export, unless it is told to let in others.
     */
    private void listenInPlace() throws IOException {
        requireDeadSocket();
        Files.deleteIfExists(path);
        bind(path);
    }

    /** By a channel of its own each time: one whose socket has got no place stays bound. */
    private void bind(Path file) throws IOException {
        close();
        channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        channel.bind(UnixDomainSocketAddress.of(file));
        Files.setPosixFilePermissions(file, OWNER_ONLY);
        identity = identity(file);
    }

    private void close() throws IOException {
        if (channel != null) {
            channel.close();
        }
    }

    private boolean isTaken() {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    }

    /** Beside the socket to be, since a link cannot leave its file system; short, since socket paths must be. */
    private Path privateDirectory() throws IOException {
        Path parent = path.toAbsolutePath().getParent();
        var mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        while (true) {
            int number = ThreadLocalRandom.current().nextInt(TEMPORARY_NAMES);
            try {
                return Files.createDirectory(parent.resolve("." + Integer.toString(number, Character.MAX_RADIX)), mode);
            } catch (FileAlreadyExistsException e) {
                LOG.log(Level.DEBUG, "a temporary name was taken", e);
            }
        }
    }

    /**
     * Removes what is left of attempts whose process was killed just then: it may have the last room that there is.
     *
     * @param directory in which others may have theirs
     */
    public static void removeLeftovers(Path directory) throws IOException {
        try (DirectoryStream<Path> asides = Files.newDirectoryStream(directory, ".{?,??,???,????}")) {
            for (Path aside : asides) {
                removeIfLeft(aside);
            }
        }
    }

    private static void removeIfLeft(Path aside) throws IOException {
        try {
            if (Self.owns(aside) && FileType.isSocket(aside.resolve(ASIDE)) && isOld(aside)) {
                Files.delete(aside.resolve(ASIDE));
                Files.delete(aside);
            }
        } catch (NoSuchFileException | DirectoryNotEmptyException e) {
            LOG.log(Level.DEBUG, "another has removed it, or has more there", e);
        }
    }

    /** The attempt that made it is over. */
    private static boolean isOld(Path aside) throws IOException {
        return Files.getLastModifiedTime(aside)
                .toInstant()
                .isBefore(Instant.now().minus(ATTEMPT));
    }

    /** Waits a moment for one that is just ending: who takes over from it may be there before it is closed. */
    private void requireDeadSocket() throws IOException {
        long end = System.nanoTime() + ENDING_NANOS;
        while (isTaken() && isListening()) {
            if (System.nanoTime() - end >= 0) {
                throw new IOException("another server is listening there: stop that one, or give another path");
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private boolean isListening() throws IOException {
        if (!FileType.isSocket(path)) {
            throw new LastingException("there is a file of that name that is not a socket: give another path");
        }
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.configureBlocking(false); // a live server with a full backlog would let us wait
            probe.connect(UnixDomainSocketAddress.of(path));
        } catch (ConnectException e) {
            LOG.log(Level.DEBUG, () -> "replacing the socket of a dead server: " + path);
            return false;
        } catch (SocketException e) { // a full backlog, or no permission to ask
            throw new IOException(
                    "another server may be listening there (" + e.getMessage()
                            + "): stop that one, or give another path",
                    e);
        }
        return true;
    }

    private static Object identity(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }

    private static boolean isLasting(IOException e) {
        return e instanceof NoSuchFileException || e instanceof AccessDeniedException || LastingException.isCauseOf(e);
    }

    private static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException missing -> "its directory does not exist: make it, or give another path";
            case AccessDeniedException denied ->
                "no permission to write to its directory: give a path of your own, or use sudo";
            case FileAlreadyExistsException taken -> "somebody else has just taken that name: give another path";
            case FileSystemException other -> other.getMessage() + ": give another path";
            case SocketException other -> other.getMessage() + ": give another path";
            default -> e.getMessage();
        };
    }

    /** Removes the file, unless it has become another's. */
    void remove() {
        try {
            if (identity(path).equals(identity)) {
                Files.delete(path);
            }
        } catch (NoSuchFileException e) {
            LOG.log(Level.DEBUG, "somebody else has removed the socket", e);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "cannot remove the socket " + path, e);
        }
    }
}
