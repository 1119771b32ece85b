package dev.ramzswap.attach;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** A device of the kernel's nbd driver, {@code /dev/nbdN}. */
record NbdDevice(KernelFiles files, String name) {
    private static final String BLOCK = "/sys/block";
    private static final int SECTOR_BYTES = 512;
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final int LOOK_MILLIS = 20;

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

    /** {@code MAJOR:MINOR} of its nodes. */
    String numbers() throws IOException {
        return files.read(BLOCK + "/" + name + "/dev");
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

    /**
     * Of {@code /proc/swaps} and mounts nobody sees all: they have paths, and those of another mount namespace, or of a
     * node that is gone, name it otherwise. What somebody else has just swapped off is missing there a moment before he
     * lets go of it.
     */
    void requireUnused(DeviceNode node) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (node.isInUse()) {
            if (System.nanoTime() - deadline > 0) {
                throw inUse();
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }

    private IOException inUse() throws IOException {
        String areas = SwapArea.all(files).stream().map(SwapArea::device).collect(Collectors.joining(", "));
        return new IOException(
                path() + " is in use still, and what is there would be lost: swap it off by the name that it"
                        + " has in /proc/swaps (" + areas + "), or unmount it, then repeat this");
    }

    private String pidFile() {
        return BLOCK + "/" + name + "/pid";
    }

    long bytes() throws IOException {
        return files.number(BLOCK + "/" + name + "/size") * SECTOR_BYTES;
    }
}
