package dev.ramzswap.backing;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.linux.FileSystems;
import dev.ramzswap.linux.FileType;
import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The locks of what the loop devices lie upon that a backing file is, or lies upon in turn: nobody else is to have one
 * of these as his, while it is open here. Partitions and volumes share the lock of one that all of them lie upon.
 */
final class ImageLocks implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ImageLocks.class.getName());

    private static final Path SYS = Path.of("/sys");

    private final Deque<NativeFile> locked = new ArrayDeque<>();

    private ImageLocks() {}

    /**
     * Takes those of a backing file; of a plain file there are none.
     *
     * @throws IOException with a message for the user, if somebody has one
     */
    static ImageLocks of(Path path) throws IOException {
        ImageLocks locks = new ImageLocks();
        try {
            if (FileType.isBlockDevice(path)) {
                locks.takeAll(path);
            }
            return locks;
        } catch (Throwable e) {
            Closing.after(e, locks);
            throw e;
        }
    }

    private void takeAll(Path device) throws IOException {
        for (BlockLayers.Image image : new BlockLayers(SYS).images((Long) Files.getAttribute(device, "unix:rdev"))) {
            if (!take(image, device)) {
                throw new IOException(device + " lies upon " + image.path()
                        + ", which is in use by another process or export: stop that one, or give another device");
            }
        }
    }

    /** @return whether nobody else has it, as far as can be seen from here */
    private boolean take(BlockLayers.Image image, Path device) {
        try {
            NativeFile file = open(image.path());
            locked.push(file);
            return image.isShared() ? file.trySharedLockOfEnding() : file.tryLockOfEnding();
        } catch (IOException e) {
            // It may be in another mount namespace, or where there are no such locks: no reason to do without the
            // device.
            LOG.log(
                    Level.WARNING,
                    device + " lies upon " + image.path() + ", which cannot be locked here: see to it that nobody else"
                            + " writes there, since that is not noticed: " + e.getMessage()
                            + Sandbox.current().cureFor(image.path()));
            return true;
        }
    }

    /**
     * For reading alone: that does for a lock, its file system may be read-only here, though the loop device writes to
     * it, and one that lies over others would copy it for a writer (overlayfs). The loop device has it open by itself:
     * where a lock would keep that from writing, it does more harm than good.
     */
    private static NativeFile open(Path image) throws IOException {
        if (!FileType.isFileOrBlockDevice(image)) {
            throw new IOException("no such file or device is seen here");
        }
        if (FileSystems.of(image).mayLockMandatorily()) {
            throw new IOException("by NFS or SMB, a lock could keep the loop device itself from writing");
        }
        return NativeFile.open(image, NativeFile.O_RDONLY);
    }

    @Override
    public void close() {
        locked.forEach(file -> Closing.quietly(file::close));
    }
}
