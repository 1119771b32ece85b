package dev.ramzswap.config;

import dev.ramzswap.linux.DeviceNumber;
import dev.ramzswap.linux.FileType;
import dev.ramzswap.linux.LoopImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What two paths of the same file or device have in common, whether it is there already or will be made. */
final class FileIdentity {
    private static final Path SYS = Path.of("/sys");

    /** What the kernel follows in one path, at most: path_resolution(7). */
    private static final int MOST_LINKS = 40;

    private FileIdentity() {}

    /** Equal for two paths that lead to the same. Of what cannot be looked at, the path. */
    static Object of(Path path) {
        try {
            return Files.exists(path) ? ofExisting(path) : ofMissing(path);
        } catch (IOException e) {
            return path;
        }
    }

    /** A device may have several nodes, and a file several names. */
    private static Object ofExisting(Path path) throws IOException {
        return FileType.isBlockDevice(path)
                ? ofDevice((Long) Files.getAttribute(path, "unix:rdev"))
                : Files.getAttribute(path, "unix:dev") + ":" + Files.getAttribute(path, "unix:ino");
    }

    /** A loop device is what it lies upon, if that has a path here. */
    private static Object ofDevice(long number) throws IOException {
        Optional<Path> image = LoopImage.of(new DeviceNumber(number).in(SYS)).filter(Files::exists);
        return image.isPresent() ? ofExisting(image.get()) : number;
    }

    /** Where it would be made. */
    private static Path ofMissing(Path path) throws IOException {
        Path target = path;
        for (int links = 0; Files.isSymbolicLink(target) && links < MOST_LINKS; links++) {
            target = target.resolveSibling(Files.readSymbolicLink(target));
        }
        return target.getParent().toRealPath().resolve(target.getFileName());
    }
}
