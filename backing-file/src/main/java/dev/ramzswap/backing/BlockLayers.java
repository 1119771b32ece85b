package dev.ramzswap.backing;

import dev.ramzswap.linux.DeviceNumber;
import dev.ramzswap.linux.FileType;
import dev.ramzswap.linux.LoopImage;
import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

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
        Optional<Path> device = device(number);
        return device.isPresent() ? inMemory(device.get()) : Optional.empty();
    }

    /**
     * What a loop device lies upon: what is written there is written to the device.
     *
     * @param path of a file, or a device, that may be gone, or another one here
     * @param isShared whether others may have parts of it beside this one: it is a partition or a volume
     */
    record Image(Path path, boolean isShared) {}

    /** Those of the loop devices that the device with a number is, or lies upon in turn. */
    Set<Image> images(long number) throws IOException {
        Set<Image> found = new LinkedHashSet<>();
        addImages(number, false, found);
        return found;
    }

    private void addImages(long number, boolean isShared, Set<Image> found) throws IOException {
        Optional<Path> device = device(number);
        if (device.isPresent()) {
            addImages(device.get(), isShared, found);
        }
    }

    private void addImages(Path device, boolean isShared, Set<Image> found) throws IOException {
        Optional<Path> image = LoopImage.of(device);
        if (image.isPresent()) {
            found.add(new Image(image.get(), isShared));
            if (FileType.isBlockDevice(image.get())) {
                addImages((Long) Files.getAttribute(image.get(), "unix:rdev"), isShared, found);
            }
        }
        for (Path lower : below(device)) {
            addImages(lower, true, found);
        }
    }

    private Optional<Path> device(long number) throws IOException {
        Path link = new DeviceNumber(number).in(sys);
        return Files.exists(link) ? Optional.of(link.toRealPath()) : Optional.empty();
    }

    private Optional<String> inMemory(Path device) throws IOException {
        String name = device.getFileName().toString();
        if (name.matches(IN_MEMORY)) {
            return Optional.of(name);
        }
        Optional<Path> image = LoopImage.of(device);
        if (image.isPresent()) {
            return inFile(name, image.get());
        }
        for (Path lower : below(device)) {
            Optional<String> found = inMemory(lower);
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    private Optional<String> inFile(String name, Path image) throws IOException {
        if (!Files.isReadable(image)) {
            return Optional.empty(); // it was deleted, or has a path that is another one here
        }
        try (NativeFile file = NativeFile.open(image, NativeFile.O_RDONLY)) {
            return file.fileSystem().isMemory() ? Optional.of(name + " upon " + image) : inMemory(deviceOf(image));
        }
    }

    /** The device that a partition is of, or those that a volume or an array lies upon. */
    private static List<Path> below(Path device) throws IOException {
        if (Files.exists(device.resolve("partition"))) {
            return List.of(device.getParent());
        }
        List<Path> found = new ArrayList<>();
        Path slaves = device.resolve("slaves");
        if (Files.isDirectory(slaves)) {
            try (DirectoryStream<Path> devices = Files.newDirectoryStream(slaves)) {
                for (Path slave : devices) {
                    found.add(slave.toRealPath());
                }
            }
        }
        return found;
    }

    /** Number of the device that a path is on. */
    static long deviceOf(Path path) throws IOException {
        return (Long) Files.getAttribute(path, "unix:dev");
    }
}
