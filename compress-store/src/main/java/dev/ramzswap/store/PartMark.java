package dev.ramzswap.store;

import dev.ramzswap.linux.MappedFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;

/**
 * By what a part of a store is known, also one that is left of a start or an end that was interrupted: what bears no
 * such mark is somebody else's, and is not removed to make room for a new one.
 *
 * @param slots of the store that begins
 * @param counters where those of an earlier one are, if they are
 */
record PartMark(long slots, Path counters) {
    /** Whether what lies where a part would is one. */
    boolean isAt(Path part) throws IOException {
        if (!isFile(part)) {
            return false;
        }
        String name = part.getFileName().toString();
        return Files.size(part) == 0
                || switch (name.substring(name.lastIndexOf('.') + 1)) {
                    case "counters" -> isCounters(part);
                    case "backing" -> BackingHead.isIn(part);
                    default -> isPool(part);
                };
    }

    private static boolean isCounters(Path file) {
        try {
            Optional<Counters.Snapshot> ignored = Counters.readIfWritten(file);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** It has nothing but its size. It is made after the counters, which say that, and goes before them. */
    private boolean isPool(Path file) throws IOException {
        return MappedFile.bytesOf(file)
                == Pool.bytes(earlier().map(Counters.Snapshot::slots).orElse(slots));
    }

    private Optional<Counters.Snapshot> earlier() {
        try {
            return isFile(counters) ? Counters.readIfWritten(counters) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty(); // they are no counters
        }
    }

    /** A pipe would keep whoever opens it waiting. */
    private static boolean isFile(Path path) {
        return Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS);
    }
}
