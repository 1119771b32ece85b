package dev.ramzswap.attach;

import dev.ramzswap.config.Host;
import dev.ramzswap.status.RuntimeDir;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What {@code swapon} leaves for {@code swapoff} to know: a file {@code NAME.swap} in the runtime directory, one line
 * of words. What a new daemon must know is not here but with the kernel: see {@link Backend}.
 *
 * @param device {@code /dev/nbdN}
 * @param pid who attached it, as the kernel says: another one means that the device is somebody else's by now
 * @param ownsDaemon whether the daemon was started for this, and ends with it
 */
record SwapRecord(String device, String pid, boolean ownsDaemon) {
    private static final String OWNS_DAEMON = "owns-daemon";

    static SwapRecord of(NbdDevice device, boolean ownsDaemon) throws IOException {
        return new SwapRecord(device.path(), device.pid().orElse(""), ownsDaemon);
    }

    /** Empty if there is none, or what is there is none. */
    static Optional<SwapRecord> read(Host host, String export) throws IOException {
        try {
            List<String> words =
                    List.of(Files.readString(file(host, export)).strip().split(" "));
            return words.size() < 2
                    ? Optional.empty()
                    : Optional.of(new SwapRecord(words.get(0), words.get(1), words.contains(OWNS_DAEMON)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    void write(Host host, String export) throws IOException {
        RuntimeDir.replace(file(host, export), List.of(device + " " + pid + (ownsDaemon ? " " + OWNS_DAEMON : "")));
    }

    SwapRecord owningDaemon() {
        return new SwapRecord(device, pid, true);
    }

    /** The device, if it is still attached as it was. */
    Optional<NbdDevice> attached(KernelFiles files) throws IOException {
        for (NbdDevice one : NbdDevice.all(files)) {
            if (one.path().equals(device) && one.pid().equals(Optional.of(pid))) {
                return Optional.of(one);
            }
        }
        return Optional.empty();
    }

    /** Whether there is one, be it a whole one or not. */
    static boolean exists(Host host, String export) {
        return Files.exists(file(host, export));
    }

    static void delete(Host host, String export) throws IOException {
        Files.deleteIfExists(file(host, export));
    }

    private static Path file(Host host, String export) {
        return RuntimeDir.own(host).path().resolve(export + ".swap");
    }
}
