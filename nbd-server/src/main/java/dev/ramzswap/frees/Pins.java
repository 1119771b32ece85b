package dev.ramzswap.frees;

import dev.ramzswap.linux.Bpf;
import dev.ramzswap.linux.Errno;
import dev.ramzswap.linux.ErrnoException;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Where what sees an export's slots freed outlives every process: a directory of the kernel's own file system for that
 * (Documentation/bpf/index.rst; systemd mounts it). The kernel goes on with it while no daemon lives.
 */
public record Pins(Path directory) {
    private static final Path MOUNT = Path.of("/sys/fs/bpf");

    private static final String PREFIX = "ramzswap-";

    /** No name may have a dot there (bpf_lookup in kernel/bpf/inode.c), and no export's has this. */
    private static final char NO_DOT = '~';

    private static final String BITS = "bits";

    public static Pins of(String export) {
        return new Pins(MOUNT.resolve(PREFIX + export.replace('.', NO_DOT)));
    }

    /** Whether the kernel says of any export what it frees. */
    static boolean isAnyWatching() throws IOException {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(MOUNT, PREFIX + "*")) {
            for (Path directory : all) {
                if (isWatching(directory.resolve(BITS))) {
                    return true;
                }
            }
            return false;
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    /** They may just be going away. */
    private static boolean isWatching(Path bits) throws IOException {
        try {
            return FreedBits.isWatching(bits);
        } catch (ErrnoException e) {
            if (e.errno() == Errno.ENOENT) {
                return false;
            }
            throw e;
        }
    }

    public boolean exist() {
        return Files.exists(directory.resolve(BITS));
    }

    /** @throws IOException also if they are of a device of another size */
    public FreedBits bits(long slots) throws IOException {
        return FreedBits.pinned(directory.resolve(BITS), slots);
    }

    /**
     * Whether the kernel says what it frees to a daemon that looks. Thread-safe.
     *
     * @param name of the bits that the daemon looks at, 0 for none
     */
    public ProbeState state(long slots, long name) {
        if (name == 0) {
            return ProbeState.OFF;
        }
        try (FreedBits bits = bits(slots)) {
            return bits.name() == name && bits.isWatching() ? ProbeState.ON : ProbeState.OFF;
        } catch (ErrnoException e) {
            return e.errno() == Errno.ENOENT ? ProbeState.OFF : ProbeState.UNKNOWN;
        } catch (IOException e) {
            return ProbeState.OFF;
        }
    }

    /** In place of any that are there. The bits last: what has them has all. */
    void put(FreedBits bits, Links links) throws IOException {
        remove();
        Files.createDirectory(
                directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        links.pin(directory);
        Bpf.pin(bits.array(), directory.resolve(BITS));
    }

    /**
     * Those who have the bits open keep them, and see that they are of no area any more: of the programs, that which
     * sees slots freed may be the last to go, and so stay if this is interrupted.
     */
    public void remove() throws IOException {
        Path bits = directory.resolve(BITS);
        if (Files.exists(bits)) {
            FreedBits.unwatch(bits);
        }
        Files.deleteIfExists(bits);
        try (DirectoryStream<Path> links = Files.newDirectoryStream(directory)) {
            for (Path link : links) {
                Files.deleteIfExists(link);
            }
            Files.deleteIfExists(directory);
        } catch (NoSuchFileException e) {
            return; // There are none.
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }
}
