package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.linux.Errno;
import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.FileType;
import dev.ramzswap.linux.LastingException;
import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * A plain file, reserved in full, or a whole block device, locked for this process, with a {@link Label} at both ends.
 * Past the page cache (O_DIRECT) where the file system can do that: spilling must not need memory.
 */
final class FileDevice implements BlockDevice {
    private static final Path DEVICES = Path.of("/dev");
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");

    private static final int LEAST_SEGMENTS = Staging.RESERVE + 2;

    /** Tells what is not blank, and may be written over all the same. */
    private interface Disposable {
        boolean is(NativeFile file) throws IOException;
    }

    /** Makes an open and locked file ready to serve, or throws, and has undone it then. */
    private interface Preparation {
        Undoing prepare(NativeFile file) throws IOException;
    }

    /** Has a file take no more room than before it was opened. */
    private interface Undoing {
        void undo() throws IOException;

        /** What was in use before, and a device, is as it was. */
        Undoing NOTHING = () -> {};
    }

    private final NativeFile file;
    private final ImageLocks images;
    private final Undoing undoing;
    private final boolean direct;

    private FileDevice(NativeFile file, ImageLocks images, Undoing undoing, boolean direct) {
        this.file = file;
        this.images = images;
        this.undoing = undoing;
        this.direct = direct;
    }

    /**
     * Bytes of records for which there is room at {@code path}: in a block device, or in a plain file of so many bytes.
     *
     * @throws IOException with a message for the user, if that is impossible
     */
    static long capacity(Path path, long bytes) throws IOException {
        long capacity = FileType.isBlockDevice(path) ? capacityOfDevice(path) : capacityOfFile(path, bytes);
        long segments = capacity / SEGMENT_BYTES;
        if (segments < LEAST_SEGMENTS || segments > Integer.MAX_VALUE) {
            throw new LastingException("backing file " + path + " has " + capacity + " bytes: it must have "
                    + (long) LEAST_SEGMENTS * SEGMENT_BYTES + " or more, and less than 512 TiB");
        }
        return capacity;
    }

    private static long capacityOfDevice(Path path) throws IOException {
        try (NativeFile file = FileOpening.open(path, NativeFile.O_RDWR, NativeFile::open)) {
            return capacityOf(file);
        }
    }

    private static long capacityOfFile(Path path, long bytes) throws IOException {
        if (bytes <= 0 || bytes > Long.MAX_VALUE - SEGMENT_BYTES) {
            throw new LastingException("the backing file " + path + " cannot have " + bytes + " bytes: give it a size");
        }
        return Math.ceilDiv(bytes, SEGMENT_BYTES) * SEGMENT_BYTES;
    }

    private static long capacityOf(NativeFile blockDevice) throws IOException {
        return segmentsIn(blockDevice.size() - sizeFor(0) - Blank.UNUSED_BYTES);
    }

    /** What an earlier version used of it. */
    private static long capacityWithoutEnd(NativeFile blockDevice) throws IOException {
        return segmentsIn(blockDevice.size() - sizeFor(0));
    }

    private static long segmentsIn(long bytes) {
        return Math.max(bytes, 0) / SEGMENT_BYTES * SEGMENT_BYTES;
    }

    /**
     * Begins afresh: in a block device, or in a plain file, which is made if it is missing, and reserved. What is there
     * must be blank, or a backing file, whosever it was.
     *
     * @param capacity bytes of records, whole segments
     */
    static FileDevice open(Path path, long capacity, Label label, FileOpening.Opener opener) throws IOException {
        return open(path, capacity, label, Label::isAny, opener);
    }

    /** The same, but a backing file is begun anew only if it is that of this label. */
    static FileDevice openBlank(Path path, long capacity, Label label, FileOpening.Opener opener) throws IOException {
        return open(path, capacity, label, label::isBegun, opener);
    }

    private static FileDevice open(
            Path path, long capacity, Label label, Disposable disposable, FileOpening.Opener opener)
            throws IOException {
        requireFileOrBlockDevice(path);
        requireNoMissingDevice(path);
        boolean isNew = !Files.exists(path);
        return FileType.isBlockDevice(path)
                ? open(path, NativeFile.O_EXCL, opener, file -> beginDevice(file, path, capacity, label, disposable))
                : open(
                        path,
                        NativeFile.O_CREAT,
                        opener,
                        file -> beginFile(file, path, isNew, capacity, label, disposable));
    }

    /**
     * Opens what {@link #open} with this label has begun. Nothing is made, and nothing is written where the label is
     * not at its place: that is somebody else's by now. What has become larger is used as before.
     */
    static FileDevice reopen(Path path, long capacity, Label label, FileOpening.Opener opener) throws IOException {
        requireFileOrBlockDevice(path);
        return FileType.isBlockDevice(path)
                ? open(path, NativeFile.O_EXCL, opener, file -> requireLabel(file, path, capacity, label))
                : open(path, 0, opener, file -> resumeFile(file, path, capacity, label));
    }

    private static void requireFileOrBlockDevice(Path path) throws IOException {
        if (Files.exists(path) && !FileType.isFileOrBlockDevice(path)) {
            throw new LastingException(
                    path + " is neither a plain file nor a block device: it cannot be a backing file");
        }
    }

    /**
     * Where the disk is missing, no plain file is made in its stead among the devices: it would take memory, and the
     * kernel could not make the disk's node any more.
     */
    private static void requireNoMissingDevice(Path path) throws IOException {
        Path target = Files.isSymbolicLink(path) ? path.resolveSibling(Files.readSymbolicLink(path)) : path;
        Path directory = target.toAbsolutePath().getParent();
        boolean isMissing = Files.notExists(path) && directory != null && Files.exists(directory);
        // Another file system below them, as /dev/shm is, has files.
        if (isMissing
                && directory.toRealPath().startsWith(DEVICES)
                && deviceOf(directory).equals(deviceOf(DEVICES))) {
            throw new IOException("there is no " + path + ", and no file is made among the devices: give a disk that is"
                    + " there, or a file in another place" + Sandbox.current().cureFor(path));
        }
    }

    private static Object deviceOf(Path path) throws IOException {
        return Files.getAttribute(path, "unix:dev");
    }

    private static Undoing beginDevice(NativeFile device, Path path, long capacity, Label label, Disposable disposable)
            throws IOException {
        long room = capacityOf(device);
        if (room < capacity) {
            throw new IOException(path + " has room for " + room + " bytes, not " + capacity
                    + ": it has become smaller; give it its size again");
        }
        if (disposable.is(device)) {
            requireOwnEnd(device, path, capacity);
        } else {
            Blank.requireDevice(device, path);
        }
        label.write(device, endOf(capacity));
        return Undoing.NOTHING;
    }

    /**
     * What a backing file leaves blank may be full all the same: of records, where the device had another size, or was
     * begun before there was such an end; or of what somebody else has made of the device since.
     */
    private static void requireOwnEnd(NativeFile device, Path path, long capacity) throws IOException {
        if (Label.isAnyAt(device, endOf(capacityWithoutEnd(device)))) {
            Blank.requireEnd(device, path, "a backing file that an earlier version of ramzswap has filled to its end");
        } else if (!Label.isAnyAt(device, endOf(capacity))) {
            Blank.requireEnd(
                    device,
                    path,
                    "a backing file that was begun when it had another size, or what"
                            + " somebody else has made of it since");
        } else {
            Blank.requireEnd(device, path, "what somebody else has made of a backing file since");
        }
    }

    private static Undoing beginFile(
            NativeFile file, Path path, boolean isNew, long capacity, Label label, Disposable disposable)
            throws IOException {
        if (!disposable.is(file)) {
            Blank.requireFile(file, path);
        }
        Undoing undoing = isNew && file.size() == 0 ? () -> remove(file, path) : new Layout(file)::restore;
        try {
            // First, what may refuse it: then it stays as it is.
            Reservation.make(file, path, sizeFor(capacity));
            keepFromOthers(file);
            label.write(file, endOf(capacity));
            return undoing;
        } catch (Throwable e) {
            Closing.after(e, undoing::undo);
            throw e;
        }
    }

    /** A file that the user has made may be open to others: they could read it, or take its lock. */
    private static void keepFromOthers(NativeFile file) {
        try {
            Files.setPosixFilePermissions(file.procPath(), OWNER_ONLY);
        } catch (IOException | UnsupportedOperationException e) {
            // It works all the same, and what speaks against it is told.
        }
    }

    /** What has a label was reserved before. */
    private static Undoing resumeFile(NativeFile file, Path path, long capacity, Label label) throws IOException {
        requireLabel(file, path, capacity, label);
        keepFromOthers(file);
        file.truncate(sizeFor(capacity));
        return Undoing.NOTHING;
    }

    private static Undoing requireLabel(NativeFile file, Path path, long capacity, Label label) throws IOException {
        long size = file.size();
        if (size < sizeFor(capacity)) {
            throw new IOException(path + " has become smaller: it has " + size + " bytes, and the backing"
                    + " file that was in use has " + sizeFor(capacity));
        }
        if (!label.isAt(file, endOf(capacity))) {
            throw new IOException(path + " is not, or not in full, the backing file that was in use: the label of this"
                    + " export is not before and behind its " + capacity + " bytes");
        }
        return Undoing.NOTHING;
    }

    /** Where the label behind the segments is. */
    static long endOf(long capacity) {
        return BackingSize.positionOf(capacity);
    }

    private static long sizeFor(long capacity) {
        return endOf(capacity) + Label.BYTES;
    }

    private static FileDevice open(Path path, int flags, FileOpening.Opener opener, Preparation preparation)
            throws IOException {
        int bothFlags = NativeFile.O_RDWR | flags;
        try {
            return prepare(path, bothFlags | NativeFile.O_DIRECT, opener, preparation);
        } catch (ErrnoException e) {
            // At open: a file system without direct input and output. At the first read: one with larger sectors.
            if (e.errno() != Errno.EINVAL) {
                throw e;
            }
            return prepare(path, bothFlags, opener, preparation);
        }
    }

    private static FileDevice prepare(Path path, int flags, FileOpening.Opener opener, Preparation preparation)
            throws IOException {
        NativeFile file = FileOpening.openLocked(path, flags, opener);
        try {
            ImageLocks images = ImageLocks.of(path);
            try {
                Undoing undoing = preparation.prepare(file);
                return new FileDevice(file, images, undoing, (flags & NativeFile.O_DIRECT) != 0);
            } catch (Throwable e) {
                Closing.after(e, images);
                throw e;
            }
        } catch (Throwable e) {
            Closing.after(e, file);
            throw e;
        }
    }

    /**
     * Removes a file if it is still at its path, or, of a symbolic link, where that leads: whoever may write to the
     * directory may have put another there, and gets no more of it removed than what he can remove himself.
     */
    private static void remove(NativeFile file, Path path) throws IOException {
        Path target = path.toRealPath();
        try (NativeFile directory = NativeFile.open(target.getParent(), NativeFile.O_RDONLY)) {
            Path entry = directory.procPath().resolve(target.getFileName());
            if (file.isAt(entry)) {
                Files.delete(entry);
            }
        }
    }

    /** Whether it goes past the page cache. */
    boolean direct() {
        return direct;
    }

    @Override
    public int read(MemorySegment into, int length, long position) throws IOException {
        return file.read(into, length, BackingSize.positionOf(position));
    }

    @Override
    public int write(MemorySegment from, int length, long position) throws IOException {
        return file.write(from, length, BackingSize.positionOf(position));
    }

    @Override
    public void undoOpening() throws IOException {
        undoing.undo();
    }

    @Override
    public void close() throws IOException {
        images.close();
        file.close();
    }

    @Override
    public String toString() {
        return "backing file " + file;
    }
}
