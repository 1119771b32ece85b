package dev.ramzswap.backing;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.FileType;
import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The locks of what the loop devices lie upon that a backing file is, or lies upon in turn: nobody else is to have one
 * of these as his, while it is open here.
 */
final class ImageLocks implements AutoCloseable {
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
        for (Path image : new BlockLayers(SYS).images((Long) Files.getAttribute(device, "unix:rdev"))) {
            take(image, device);
        }
    }

    private void take(Path image, Path device) throws IOException {
        NativeFile file;
        try {
            file = NativeFile.open(image, NativeFile.O_RDWR);
        } catch (ErrnoException e) {
            return; // It is out of reach here, which is no reason to do without the device.
        }
        locked.push(file);
        if (!file.tryLockOfEnding()) {
            throw new IOException(device + " lies upon " + image
                    + ", which is in use by another process or export: stop that one, or give another device");
        }
    }

    @Override
    public void close() {
        locked.forEach(file -> Closing.quietly(file::close));
    }
}
