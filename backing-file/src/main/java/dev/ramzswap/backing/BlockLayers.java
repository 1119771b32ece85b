package dev.ramzswap.backing;

import dev.ramzswap.linux.DeviceNumber;
import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What block devices lie upon (Documentation/ABI/testing/sysfs-block of the kernel): a loop device on a file, a volume
 * or an array on others.
 *
 * @param sys {@code /sys}, or a made-up tree
 */
record BlockLayers(Path sys) {
    private static final String IN_MEMORY = "(zram|ram)\\d+";

    /**
     * The device, below the one with a number, that lies in memory.
     *
     * @param number as stat(2) has it; of a file system without a device it leads to none
     */
    Optional<String> inMemory(long number) throws IOException {
        DeviceNumber device = new DeviceNumber(number);
        Path link = sys.resolve("dev/block").resolve(device.major() + ":" + device.minor());
        return Files.exists(link) ? inMemory(link.toRealPath()) : Optional.empty();
    }

    private Optional<String> inMemory(Path device) throws IOException {
        if (Files.exists(device.resolve("partition"))) {
            return inMemory(device.getParent());
        }
        String name = device.getFileName().toString();
        if (name.matches(IN_MEMORY)) {
            return Optional.of(name);
        }
        Path loop = device.resolve("loop/backing_file");
        return Files.exists(loop) ? inFile(name, Path.of(Files.readString(loop).strip())) : below(device);
    }

    private Optional<String> inFile(String name, Path image) throws IOException {
        if (!Files.isReadable(image)) {
            return Optional.empty(); // it was deleted, or has a path that is another one here
        }
        try (NativeFile file = NativeFile.open(image, NativeFile.O_RDONLY)) {
            return file.fileSystem().isMemory() ? Optional.of(name + " upon " + image) : inMemory(deviceOf(image));
        }
    }

    private Optional<String> below(Path device) throws IOException {
        Path slaves = device.resolve("slaves");
        if (!Files.isDirectory(slaves)) {
            return Optional.empty();
        }
        try (DirectoryStream<Path> devices = Files.newDirectoryStream(slaves)) {
            for (Path slave : devices) {
                Optional<String> found = inMemory(slave.toRealPath());
                if (found.isPresent()) {
                    return found;
                }
            }
        }
        return Optional.empty();
    }

    /** Number of the device that a path is on. */
    static long deviceOf(Path path) throws IOException {
        return (Long) Files.getAttribute(path, "unix:dev");
    }
}
