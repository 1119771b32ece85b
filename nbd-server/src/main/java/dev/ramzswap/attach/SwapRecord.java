package dev.ramzswap.attach;

import dev.ramzswap.config.Host;
import dev.ramzswap.status.RuntimeDir;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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
    private static final Pattern FORM = Pattern.compile("(/dev/nbd\\d+) ?(\\d*)( " + OWNS_DAEMON + ")?");

    static SwapRecord of(NbdDevice device, boolean ownsDaemon) throws IOException {
        return new SwapRecord(device.path(), device.pid().orElse(""), ownsDaemon);
    }

    /** Empty if there is none, or what is there is none. */
    static Optional<SwapRecord> read(Host host, String export) throws IOException {
        return text(host, export)
                .map(FORM::matcher)
                .filter(Matcher::matches)
                .map(form -> new SwapRecord(form.group(1), form.group(2), form.group(3) != null));
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

    /** Whether there is one, or an empty one, which a full runtime directory has left. */
    static boolean exists(Host host, String export) throws IOException {
        return text(host, export).filter(String::isEmpty).isPresent()
                || read(host, export).isPresent();
    }

    /** What is none is somebody else's: the directory may be one that holds more. */
    static void delete(Host host, String export) throws IOException {
        if (exists(host, export)) {
            Files.deleteIfExists(file(host, export));
        }
    }

    private static Optional<String> text(Host host, String export) throws IOException {
        return RuntimeDir.read(file(host, export));
    }

    private static Path file(Host host, String export) {
        return RuntimeDir.own(host).path().resolve(export + ".swap");
    }
}
