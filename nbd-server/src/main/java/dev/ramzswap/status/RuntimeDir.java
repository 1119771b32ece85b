package dev.ramzswap.status;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.config.Cause;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.RuntimePath;
import dev.ramzswap.linux.FileType;
import dev.ramzswap.linux.LastingException;
import dev.ramzswap.linux.LockedFiles;
import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The directory in which daemons leave word of what they serve, so that {@code status} and {@code set} find them
 * without asking anybody: {@code NAME.export} for each export ({@link ExportEntry}) and {@code PID.control} for each
 * daemon.
 *
 * <p>An entry is claimed before its store is opened, or once this is served if it was taken over, under a lock of the
 * whole directory, which makes names unique among the daemons of a user. Nobody else can open the file that is locked
 * (flock(2) asks for no more than a descriptor, of a directory too). Entries are replaced by renaming, so readers need
 * no lock and see whole ones. What a killed daemon left is known by its pid and start time, is not shown, and is
 * removed by the next daemon that starts.
 *
 * <p>Readers believe what only they themselves or root can have written: anybody can make {@code /tmp/ramzswap-UID}.
 */
public final class RuntimeDir {
    private static final System.Logger LOG = System.getLogger(RuntimeDir.class.getName());
    private static final Path ROOTS_LOGS = Path.of("/var/log/ramzswap");
    private static final String SUFFIX = ".export";
    private static final Set<PosixFilePermission> MODE = PosixFilePermissions.fromString("rw-r--r--");

    /** Not "lock", which daemons before this made for everybody to open, and so to lock. */
    private static final String LOCK = "names.lock";

    /** It is held for a moment only, which is longer while the machine thrashes. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final int MOST_BYTES = 1024;
    private static final int ROOT = 0;
    private static final int OTHERS_WRITE = 0022;

    private final Path path;
    private final Duration patience;

    RuntimeDir(Path path) {
        this(path, PATIENCE);
    }

    /** @param patience how long to wait for another daemon that takes names */
    RuntimeDir(Path path, Duration patience) {
        this.path = path;
        this.patience = patience;
    }

    /** Where this user's daemons are. */
    public static RuntimeDir own(Host host) {
        return new RuntimeDir(RuntimePath.own(host));
    }

    /** This user's daemons, and root's as far as they can be seen. */
    static List<RuntimeDir> visible(Host host) {
        RuntimeDir own = own(host);
        boolean only = own.path.equals(RuntimePath.ROOTS) || RuntimePath.isForced(host);
        return only ? List.of(own) : List.of(own, new RuntimeDir(RuntimePath.ROOTS));
    }

    public Path path() {
        return path;
    }

    /** Where the logs of daemons are that nobody watches: for root not here, in memory that could be swapped out. */
    public Path logs() {
        return path.equals(RuntimePath.ROOTS) ? ROOTS_LOGS : path;
    }

    /**
     * Makes the directory, or checks that nobody else could have put anything into it. What is to hold it may be there
     * only later, as logind makes a session's.
     */
    public void prepare(Host host) throws IOException {
        if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            make(host);
        }
        requireOwn(host);
    }

    /** Checks the same of a directory that is there. */
    public void requireOwn(Host host) throws IOException {
        if (!isOnlyOf(List.of(host.uid()))) {
            throw notOwn(host, foreign());
        }
    }

    private static LastingException notOwn(Host host, String what) {
        return new LastingException(withCure(host, what));
    }

    private static String withCure(Host host, String what) {
        return RuntimePath.variable(host)
                .map(variable -> variable + ": " + what + ": set it to a directory of your own")
                .orElse(what + ": set " + RuntimePath.VARIABLE + " to a directory of your own");
    }

    private String notMade(IOException e) {
        return "cannot make " + path + " (" + Cause.withoutCure(e) + ")";
    }

    private void make(Host host) throws IOException {
        try {
            Files.createDirectories(path.getParent());
            makeUnlessThere(host.isRoot() ? "rwxr-xr-x" : "rwx------");
        } catch (FileAlreadyExistsException e) {
            throw notOwn(host, notMade(e));
        } catch (AccessDeniedException | NoSuchFileException e) {
            throw new IOException(withCure(host, notMade(e)), e);
        }
    }

    private void makeUnlessThere(String mode) throws IOException {
        try {
            Files.createDirectory(
                    path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode)); // whatever the umask
        } catch (FileAlreadyExistsException e) {
            // Another daemon has just made it, or it is none of ours: what it is will be looked at.
        }
    }

    /** Whether it is a directory, not a link to one, that one of these users has, and nobody else can write to. */
    private boolean isOnlyOf(List<Integer> uids) throws IOException {
        int owner = (Integer) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS) && uids.contains(owner) && (mode & OTHERS_WRITE) == 0;
    }

    private String foreign() {
        return path + " belongs to somebody else or others may write to it";
    }

    public Path control(long pid) {
        return path.resolve(pid + ".control");
    }

    /**
     * Takes names, all or none, for an entry each.
     *
     * @throws IOException also if a running daemon has one of them
     */
    public void claim(List<ExportEntry> entries) throws IOException {
        try (NativeFile _ = LockedFiles.open(path.resolve(LOCK), patience)) {
            removeDead();
            for (ExportEntry entry : entries) {
                requireFree(entry.name());
            }
            publishAll(entries);
        }
    }

    private void requireFree(String name) throws IOException {
        Path file = file(name);
        Optional<ExportEntry> other = ExportEntry.read(file);
        if (other.filter(ExportEntry::isAlive).isPresent()) {
            throw isTaken(other.get());
        }
        if (other.isEmpty() && Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !isEmpty(file)) {
            throw new LastingException(file + " is no daemon's entry, and in the way of one: move it away, or set "
                    + RuntimePath.VARIABLE + " to another directory");
        }
    }

    /** One that was begun by hand goes by hand: to begin again and again, as units do, is of no use. */
    private static IOException isTaken(ExportEntry other) {
        String message = "--name: a running daemon (pid " + other.pid() + ") has an export '" + other.name()
                + "': give this one another name, or stop that one";
        return Starter.of(other) == Starter.OTHER ? new LastingException(message) : new IOException(message);
    }

    /** As a full directory has left entries. */
    private static boolean isEmpty(Path file) throws IOException {
        return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && Files.size(file) == 0;
    }

    private void publishAll(List<ExportEntry> entries) throws IOException {
        try {
            for (ExportEntry entry : entries) {
                publish(entry);
            }
        } catch (IOException e) {
            Closing.after(e, () -> removeOwn(entries)); // the next attempt would take them for another daemon's
            throw e;
        }
    }

    /** Replaces the entry of a name that is claimed. */
    public void publish(ExportEntry entry) throws IOException {
        replace(file(entry.name()), entry.lines());
    }

    /**
     * Replaces a file of the directory as a whole, or not at all: a directory that is full costs nothing that is there.
     * Who may look into the directory may read it, whatever the umask. What is not whole yet, or was never to be, as
     * its writer was killed, has a name that nobody else gives. If somebody does all the same, nothing is written
     * through his link.
     */
    public static void replace(Path file, List<String> lines) throws IOException {
        Path whole = file.resolveSibling("." + file.getFileName() + ".ramzswap");
        try {
            Files.deleteIfExists(whole);
            write(Files.createFile(whole), lines);
            Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Closing.after(e, () -> Files.deleteIfExists(whole));
            throw e instanceof FileSystemException
                    ? e
                    : new FileSystemException(whole.toString(), null, e.getMessage());
        }
    }

    /** The text of a file that {@link #replace} has left, without white space at its end; what is longer is cut off. */
    public static Optional<String> read(Path file) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return Optional.empty();
        }
        try (InputStream in = Files.newInputStream(file)) {
            return Optional.of(new String(in.readNBytes(MOST_BYTES), UTF_8).stripTrailing());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** By descriptor: to change the mode, Java follows a link also if told not to. */
    private static void write(Path created, List<String> lines) throws IOException {
        try (NativeFile file = NativeFile.open(created, NativeFile.O_RDWR | NativeFile.O_NOFOLLOW)) {
            Files.write(file.procPath(), lines, StandardOpenOption.WRITE);
            Files.setPosixFilePermissions(file.procPath(), MODE);
        }
    }

    /**
     * Removes entries, unless the name has become another daemon's: the directory may have been removed meanwhile, and
     * made anew. Those that cannot be removed are recognised as dead later.
     */
    public void release(List<ExportEntry> entries) {
        if (entries.isEmpty() || !Files.isDirectory(path)) {
            return;
        }
        try (NativeFile _ = LockedFiles.open(path.resolve(LOCK), patience)) {
            removeOwn(entries);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "entries stay in " + path + ": " + e);
        }
    }

    private void removeOwn(List<ExportEntry> entries) throws IOException {
        for (ExportEntry entry : entries) {
            Path file = file(entry.name());
            if (ExportEntry.read(file).filter(entry::isOfSameDaemon).isPresent()) {
                Files.deleteIfExists(file);
            }
        }
    }

    /** The exports of running daemons, by name; none, and a warning, if somebody else may have made them up. */
    List<ExportEntry> exports(Host host) throws IOException {
        if (!Files.exists(path)) {
            return List.of();
        }
        if (!isOnlyOf(List.of(host.uid(), ROOT))) {
            LOG.log(System.Logger.Level.WARNING, foreign() + ": what it says is not believed");
            return List.of();
        }
        var found = new ArrayList<ExportEntry>();
        for (Path file : files()) {
            ExportEntry.read(file).filter(ExportEntry::isAlive).ifPresent(found::add);
        }
        found.sort(Comparator.comparing(ExportEntry::name));
        return found;
    }

    /** What is no entry is somebody else's: the directory may be one that holds more. */
    private void removeDead() throws IOException {
        for (Path file : files()) {
            Optional<ExportEntry> entry = ExportEntry.read(file);
            if (entry.isPresent() && !entry.get().isAlive()) {
                remove(file);
                removeSocket(control(entry.get().pid()));
            }
        }
    }

    /** What stays is in nobody's way but that of its own name, for which replacing it fails as this does. */
    private static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot remove " + file + ": " + e);
        }
    }

    private static void removeSocket(Path file) throws IOException {
        if (FileType.isSocket(file)) {
            remove(file);
        }
    }

    private List<Path> files() throws IOException {
        var files = new ArrayList<Path>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(path, "*" + SUFFIX)) {
            entries.forEach(files::add);
        } catch (NoSuchFileException | NotDirectoryException | AccessDeniedException e) {
            return List.of();
        }
        return files;
    }

    private Path file(String name) {
        return path.resolve(name + SUFFIX);
    }
}
