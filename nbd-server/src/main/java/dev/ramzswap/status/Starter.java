package dev.ramzswap.status;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Who started a daemon. */
public enum Starter {
    /** One of the package's two units of its export. */
    UNITS,

    /** Somebody by hand, or another unit. */
    OTHER,

    /** It has just ended, or is another user's. */
    UNKNOWN;

    static Starter of(ExportEntry entry) {
        try {
            return of(entry.name(), Files.readString(Path.of("/proc/" + entry.pid() + "/cgroup")));
        } catch (IOException e) {
            return UNKNOWN;
        }
    }

    /**
     * The same.
     *
     * @param groups the daemon's control groups, as {@code /proc/PID/cgroup} has them
     */
    public static Starter of(String export, String groups) {
        boolean isOfUnits = groups.contains("/ramzswap@" + export + ".service")
                || groups.contains("/ramzswap-standby@" + export + ".service");
        return isOfUnits ? UNITS : OTHER;
    }
}
