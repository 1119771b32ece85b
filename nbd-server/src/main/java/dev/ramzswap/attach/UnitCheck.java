package dev.ramzswap.attach;

import dev.ramzswap.status.ExportStatus;
import dev.ramzswap.status.Starter;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;

/**
 * Whether the unit of an export's swap knows of it, where the daemon is one of the package's. At a shutdown, systemd
 * takes any swap off, but only that unit detaches the device, for which the daemon waits.
 */
final class UnitCheck {
    private static final String PROGRAM = "systemctl";
    private static final Set<String> KNOWING = Set.of("activating", "active", "deactivating");

    private final Machine machine;

    UnitCheck(Machine machine) {
        this.machine = machine;
    }

    /** Nothing if the kernel has no device of it, or all is well. */
    Optional<Finding> of(ExportStatus export) throws IOException, InterruptedException {
        String unit = "ramzswap-swap@" + export.name();
        if (!isAttached(export) || starter(export) != Starter.UNITS || isKnownTo(unit)) {
            return Optional.empty();
        }
        return Optional.of(Finding.warning(
                "swap on " + export.name(),
                "is unknown to its unit, and a shutdown will wait minutes for the device to be detached",
                PROGRAM + " start " + unit));
    }

    private boolean isAttached(ExportStatus export) throws IOException {
        return NbdDevice.first(machine.files(), backend -> backend.export().equals(export.name()))
                .isPresent();
    }

    /** Whether this command is the start of the unit of an export's swap. */
    boolean isStartOf(String export) throws IOException {
        return machine.files()
                .find("/proc/self/cgroup")
                .filter(groups -> groups.contains("/ramzswap-swap@" + export + ".service"))
                .isPresent();
    }

    /** The unit's own daemons find their names taken then. One that has just left to the other is none by hand. */
    void requireOneOfUnitsIfItsStart(ExportStatus export) throws IOException {
        if (starter(export) == Starter.OTHER && isStartOf(export.name())) {
            String name = export.name();
            throw new IOException(name + " is served by pid " + export.entry().pid()
                    + ", which is none of this unit's daemons: end it (ramzswap swapoff " + name + ", ramzswap stop "
                    + name + "), and then " + PROGRAM + " start ramzswap-swap@" + name);
        }
    }

    private Starter starter(ExportStatus export) throws IOException {
        return machine.files()
                .find("/proc/" + export.entry().pid() + "/cgroup")
                .map(groups -> Starter.of(export.name(), groups))
                .orElse(Starter.UNKNOWN);
    }

    private boolean isKnownTo(String unit) throws IOException, InterruptedException {
        return machine.tools()
                .run(() -> {}, PROGRAM, "is-active", unit)
                .lastLine()
                .filter(KNOWING::contains)
                .isPresent();
    }
}
