package dev.ramzswap.backing;

import dev.ramzswap.linux.Errno;
import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.FileSystem;
import dev.ramzswap.linux.FileType;
import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a backing file lies on, and what speaks against that. */
public final class Medium {
    private static final int LOOK_BYTES = BlockDevice.ALIGNMENT;

    private final Path path;
    private final BlockLayers layers;

    /** @param layers as the kernel tells them */
    Medium(Path path, BlockLayers layers) {
        this.path = path;
        this.layers = layers;
    }

    /**
     * What a user should know of the place of a backing file that is in use, one sentence each. Nothing, if it is not
     * there.
     *
     * @throws IOException if it cannot be looked at
     */
    public static List<String> concerns(Path path) throws IOException {
        return Files.exists(path) ? new Medium(path, new BlockLayers(Path.of("/sys"))).concerns() : List.of();
    }

    private List<String> concerns() throws IOException {
        try (NativeFile file = NativeFile.open(path, NativeFile.O_RDONLY)) {
            FileSystem fileSystem = file.fileSystem();
            boolean isDevice = FileType.isBlockDevice(path);
            var found = new ArrayList<String>();
            memory(isDevice, fileSystem).map(this::ofMemory).ifPresent(found::add);
            if (!isDirect(path)) {
                found.add(
                        "backing file " + path + " goes through the page cache, since its file system has no O_DIRECT:"
                                + " what is spilled takes memory until it is written, for want of which a machine that swaps"
                                + " here may freeze; put it on another file system, or on a block device");
            }
            if (!isDevice) {
                ofOthers().ifPresent(found::add);
                ofCopies(fileSystem, isInPlace(file)).ifPresent(found::add);
            }
            return found;
        }
    }

    private Optional<String> memory(boolean isDevice, FileSystem fileSystem) throws IOException {
        if (!isDevice && fileSystem.isMemory()) {
            return Optional.of(fileSystem.type() == FileSystem.TMPFS ? "tmpfs" : "ramfs");
        }
        return layers.inMemory(isDevice ? (Long) Files.getAttribute(path, "unix:rdev") : BlockLayers.deviceOf(path));
    }

    private String ofMemory(String where) {
        return "backing file " + path + " lies in memory (" + where
                + "): to spill there frees none, and needs some when"
                + " there is none, so that a machine that swaps here may freeze; put it on a disk";
    }

    /** It is made its owner's alone when it is opened, by who may do that. */
    private Optional<String> ofOthers() throws IOException {
        String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
        return mode.endsWith("------")
                ? Optional.empty()
                : Optional.of("backing file " + path + " is open to others (" + mode
                        + "), who may read what lies there," + " or lock it: chmod 600 it, as its owner");
    }

    /** In which way it is written to a file system that writes copies, if it is on one. */
    Optional<String> ofCopies(FileSystem fileSystem, boolean isInPlace) {
        String what = "backing file " + path + " is copied when it is overwritten (";
        String effect = "): the room that is reserved for it does not suffice then, and pages are refused when the file"
                + " system is full; ";
        if (fileSystem.type() == FileSystem.BTRFS) {
            return isInPlace
                    ? Optional.empty()
                    : Optional.of(what + "btrfs" + effect + "remove it while it is not in use: it is made anew, with"
                            + " chattr +C");
        }
        Optional<String> name = fileSystem.copyingName();
        return name.map(other -> what + other + effect + "put it on another file system, or on a block device");
    }

    /** Has a file that is empty written in place, where the file system does that only when told to. */
    static void writeInPlace(NativeFile file) throws IOException {
        if (file.fileSystem().type() == FileSystem.BTRFS) {
            try {
                file.writeInPlace();
            } catch (ErrnoException e) {
                // It works all the same, and what speaks against it is told.
            }
        }
    }

    private static boolean isInPlace(NativeFile file) {
        try {
            return file.isWrittenInPlace();
        } catch (ErrnoException e) {
            return false; // The file system has no such flag.
        }
    }

    /** Whether it can be read past the page cache; what cannot be read at all may be. Open and the first read tell. */
    static boolean isDirect(Path path) throws IOException {
        try (NativeFile file = NativeFile.open(path, NativeFile.O_RDONLY | NativeFile.O_DIRECT);
                Arena arena = Arena.ofConfined()) {
            int ignored = file.read(arena.allocate(LOOK_BYTES, LOOK_BYTES), LOOK_BYTES, 0);
            return true;
        } catch (ErrnoException e) {
            return e.errno() != Errno.EINVAL;
        }
    }
}
