package dev.ramzswap.attach;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The files by which a kernel tells of itself and is set: {@code /proc}, {@code /sys}, {@code /lib/modules}. Paths are
 * absolute, as the kernel's documentation has them.
 *
 * @param root what they lie below: {@code /}, or a made-up tree
 */
record KernelFiles(Path root) {
    private static final int PIECE_BYTES = 1 << 16;

    private Path at(String path) {
        return root.resolve(path.substring(1));
    }

    boolean exists(String path) {
        return Files.exists(at(path));
    }

    /**
     * A file's text without white space at its ends. Read in large pieces: files below {@code /proc/sys} give what one
     * read has room for, and nothing to the next; {@code Files.readString} begins with one byte where the size is 0.
     */
    String read(String path) throws IOException {
        var text = new ByteArrayOutputStream();
        byte[] piece = new byte[PIECE_BYTES];
        try (var file = new FileInputStream(at(path).toFile())) {
            for (int length = file.read(piece); length > 0; length = file.read(piece)) {
                text.write(piece, 0, length);
            }
        }
        return text.toString(UTF_8).strip();
    }

    /** Nothing if there is no such file, or it goes away meanwhile. */
    Optional<String> find(String path) throws IOException {
        if (!exists(path)) {
            return Optional.empty();
        }
        try {
            return Optional.of(read(path));
        } catch (IOException e) {
            if (exists(path)) {
                throw e;
            }
            return Optional.empty();
        }
    }

    long number(String path) throws IOException {
        return Long.parseLong(read(path));
    }

    List<String> lines(String path) throws IOException {
        return read(path).lines().toList();
    }

    /** What {@code KEY:} of a file of such lines says, without white space at its ends. */
    String value(String path, String key) throws IOException {
        for (String line : lines(path)) {
            if (line.startsWith(key + ":")) {
                return line.substring(key.length() + 1).strip();
            }
        }
        throw new IOException(path + " has no " + key);
    }

    /** As {@link #value}, for {@code 123 kB}. */
    long bytes(String path, String key) throws IOException {
        return Long.parseLong(value(path, key).replace(" kB", "")) * 1024;
    }

    /** Names in a directory, sorted; none if there is no such directory. */
    List<String> names(String directory) throws IOException {
        try (Stream<Path> entries = Files.list(at(directory))) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }

    void write(String path, long number) throws IOException {
        Files.writeString(at(path), number + "\n");
    }
}
