package dev.ramzswap.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The kernel's number for events of the kind "it calls this function". */
final class KprobeType {
    private static final Path FILE = Path.of("/sys/bus/event_source/devices/kprobe/type");

    private KprobeType() {}

    static int number() throws ErrnoException {
        try {
            return Integer.parseInt(Files.readString(FILE).strip());
        } catch (IOException | NumberFormatException e) {
            throw new ErrnoException("a kprobe", "this kernel has none", Errno.EOPNOTSUPP);
        }
    }
}
