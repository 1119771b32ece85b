package dev.ramzswap.attach;

import dev.ramzswap.status.ExportStatus;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/** All checks at once, of the machine and of daemons that swap. Changes nothing. */
public final class Doctor {
    private final Machine machine;

    public Doctor(Machine machine) {
        this.machine = machine;
    }

    /** @param priority that ramzswap's devices have, or are to have */
    public List<Finding> examine(int priority) throws IOException {
        var checks = new MachineChecks(machine);
        var found = new ArrayList<Finding>(checks.means());
        found.addAll(checks.surroundings(priority));
        found.addAll(checks.rights());
        found.addAll(daemons());
        return found;
    }

    /** Whether a daemon is protected matters as soon as the kernel swaps there. */
    private List<Finding> daemons() throws IOException {
        boolean inUse = SwapArea.all(machine.files()).stream()
                .anyMatch(area -> area.device().startsWith("/dev/nbd"));
        var found = new ArrayList<Finding>();
        var seen = new HashSet<Long>();
        for (ExportStatus export : ExportStatus.all(machine.host())) {
            if (seen.add(export.entry().pid())) {
                found.addAll(new DaemonChecks(machine.files())
                        .of(export.name(), export.entry().pid()));
            }
        }
        return inUse ? found : found.stream().map(Finding::atMostWarning).toList();
    }
}
