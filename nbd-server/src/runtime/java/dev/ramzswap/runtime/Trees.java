package dev.ramzswap.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;

/** Files and directories as a whole. */
final class Trees {
    private Trees() {}

    /** Copies a file to where another may be: replaced, not overwritten, since a daemon may run from it. */
    static void replace(Path from, Path to) throws IOException {
        Path whole = to.resolveSibling(to.getFileName() + ".new");
        Files.copy(from, whole, StandardCopyOption.COPY_ATTRIBUTES, StandardCopyOption.REPLACE_EXISTING);
        Files.move(whole, to, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Deletes a directory, if there is one, and all that it holds. */
    static void delete(Path directory) throws IOException {
        if (Files.exists(directory)) {
            try (var files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
