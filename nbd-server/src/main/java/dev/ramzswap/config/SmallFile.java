package dev.ramzswap.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file of the user's that is read whole: neither a pipe, which would wait for who writes to it, nor one without end.
 *
 * @param flag by which it was given
 * @param cure where it is too large
 */
record SmallFile(String flag, Path path, int mostBytes, String cure) {
    /**
     * All of it.
     *
     * @throws ConfigException if it is none such
     */
    byte[] read() throws IOException, ConfigException {
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            throw new ConfigException(flag + ": " + path + " is not a plain file: give the path of one");
        }
        try (InputStream in = Files.newInputStream(path)) {
            byte[] bytes = in.readNBytes(mostBytes + 1);
            if (bytes.length > mostBytes) {
                throw new ConfigException(
                        flag + ": " + path + " has more than " + Size.format(mostBytes) + ": " + cure);
            }
            return bytes;
        }
    }
}
