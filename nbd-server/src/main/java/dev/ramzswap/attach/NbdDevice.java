package dev.ramzswap.attach;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** A device of the kernel's nbd driver, {@code /dev/nbdN}. */
record NbdDevice(KernelFiles files, String name) {
    private static final String BLOCK = "/sys/block";
    private static final int SECTOR_BYTES = 512;

    /** All of them, by number; none if the driver is not loaded. */
    static List<NbdDevice> all(KernelFiles files) throws IOException {
        return files.names(BLOCK).stream()
                .filter(name -> name.matches("nbd\\d+"))
                .map(name -> new NbdDevice(files, name))
                .sorted(Comparator.comparingInt(NbdDevice::number))
                .toList();
    }

    /** The first that the kernel says belongs to such an export of ramzswap's. */
    static Optional<NbdDevice> first(KernelFiles files, Predicate<Backend> of) throws IOException {
        for (NbdDevice device : all(files)) {
            if (device.backend().filter(of).isPresent()) {
                return Optional.of(device);
            }
        }
        return Optional.empty();
    }

    /** Those that are attached to nothing, one at least. */
    static List<NbdDevice> free(KernelFiles files) throws IOException {
        var free = new ArrayList<NbdDevice>();
        for (NbdDevice device : all(files)) {
            if (!device.isAttached()) {
                free.add(device);
            }
        }
        if (free.isEmpty()) {
            throw new IOException("no /dev/nbdN is free: detach one, or load nbd with more (nbds_max=)");
        }
        return free;
    }

    /** @param path {@code /dev/nbdN} */
    static NbdDevice at(KernelFiles files, String path) throws IOException {
        for (NbdDevice device : all(files)) {
            if (device.path().equals(path)) {
                return device;
            }
        }
        throw new IOException("--device: there is no nbd device " + path + ": give one such as /dev/nbd0");
    }

    /** N of {@code /dev/nbdN}. */
    int number() {
        return Integer.parseInt(name.substring(3));
    }

    String path() {
        return "/dev/" + name;
    }

    /** Who attached it; nothing if it is free. The size may outlive this. */
    Optional<String> pid() throws IOException {
        return files.find(pidFile());
    }

    boolean isAttached() {
        return files.exists(pidFile());
    }

    /** What we attached it to; nothing if somebody else attached it, or nobody. */
    Optional<Backend> backend() throws IOException {
        return files.find(BLOCK + "/" + name + "/backend").flatMap(Backend::parse);
    }

    private String pidFile() {
        return BLOCK + "/" + name + "/pid";
    }

    long bytes() throws IOException {
        return files.number(BLOCK + "/" + name + "/size") * SECTOR_BYTES;
    }
}
