package dev.ramzswap.linux;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/** What a loop device lies upon (Documentation/ABI/testing/sysfs-block of the kernel). */
public final class LoopImage {
    private LoopImage() {}

    /**
     * Its path, which may be gone, or another one here; empty for other devices, and where this process has no words
     * for it.
     *
     * @param device its directory in sysfs
     */
    public static Optional<Path> of(Path device) throws IOException {
        Path loop = device.resolve("loop/backing_file");
        try {
            return Files.exists(loop)
                    ? Optional.of(Path.of(Files.readString(loop).strip()))
                    : Optional.empty();
        } catch (CharacterCodingException | InvalidPathException e) {
            return Optional.empty();
        }
    }
}
