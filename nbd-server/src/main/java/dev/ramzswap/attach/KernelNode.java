package dev.ramzswap.attach;

import dev.ramzswap.config.Cause;
import dev.ramzswap.linux.DeviceNumber;
import dev.ramzswap.linux.Errno;
import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.FileType;
import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * That of a device at its usual path, if what is there is one; else one of its own, in a directory that nobody else
 * enters, for as long as it is open here.
 *
 * @param own the directory
 */
record KernelNode(Path file, Optional<Path> own) implements DeviceNode {
    /** Where nodes are let be such; most other file systems in memory are mounted otherwise (nodev). */
    private static final Path PLACE = Path.of("/dev");

    /** @param number {@code MAJOR:MINOR}, as sysfs has it */
    static KernelNode of(Path usual, String number, Tools tools) throws IOException, InterruptedException {
        if (isNode(usual, number)) {
            return new KernelNode(usual, Optional.empty());
        }
        String[] parts = number.split(":");
        try {
            return make(usual.getFileName(), parts[0], parts[1], tools);
        } catch (IOException e) {
            throw new IOException(
                    usual + " is missing, or is not that device, and no other node of it can be made: " + Cause.of(e)
                            + ": remove what is there, mknod " + usual + " b " + parts[0] + " " + parts[1]
                            + ", then repeat this",
                    e);
        }
    }

    private static boolean isNode(Path path, String number) throws IOException {
        if (!FileType.isBlockDevice(path)) {
            return false;
        }
        var there = new DeviceNumber((Long) Files.getAttribute(path, "unix:rdev"));
        return number.equals(there.major() + ":" + there.minor());
    }

    private static KernelNode make(Path name, String major, String minor, Tools tools)
            throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory(PLACE, "ramzswap");
        var node = new KernelNode(directory.resolve(name), Optional.of(directory));
        try {
            tools.must("mknod", "-m", "600", node.path(), "b", major, minor);
            return node;
        } catch (IOException | InterruptedException e) {
            node.close();
            throw e;
        }
    }

    @Override
    public String path() {
        return file.toString();
    }

    /** To open it as the only user fails with EBUSY if that is another (swapon(2), mount(2)). */
    @Override
    public boolean isInUse() throws IOException {
        try {
            NativeFile.open(file, NativeFile.O_RDONLY | NativeFile.O_EXCL).close();
            return false;
        } catch (ErrnoException e) {
            if (e.errno() == Errno.EBUSY) {
                return true;
            }
            throw e;
        }
    }

    @Override
    public void close() throws IOException {
        if (own.isPresent()) {
            Files.deleteIfExists(file);
            Files.delete(own.get());
        }
    }
}
