package dev.ramzswap.attach;

import dev.ramzswap.status.ExportStatus;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;

/** All checks at once, of the machine and of daemons that swap. Changes nothing. */
public final class Doctor {
    private final Machine machine;

    public Doctor(Machine machine) {
        this.machine = machine;
    }

    /** @param priority that ramzswap's devices have, or are to have */
    public List<Finding> examine(int priority) throws IOException, InterruptedException {
        var checks = new MachineChecks(machine);
        var found = new ArrayList<Finding>(checks.means());
        found.addAll(checks.surroundings(priority));
        found.addAll(new SystemChecks(machine.files()).all());
        found.addAll(checks.rights());
        found.addAll(daemons());
        return found;
    }

    /** Whether a daemon is protected matters as soon as the kernel swaps there. */
    private List<Finding> daemons() throws IOException, InterruptedException {
        boolean inUse = SwapArea.all(machine.files()).stream().anyMatch(SwapArea::isOnNbd);
        var found = new ArrayList<Finding>();
        for (List<ExportStatus> exports : byDaemon()) {
            ExportStatus first = exports.getFirst();
            found.addAll(new DaemonChecks(machine.files())
                    .of(first.name(), first.entry().pid()));
            found.addAll(new NeedChecks(machine.files())
                    .of(exports.stream()
                            .filter(export -> export.counters().isPresent())
                            .toList()));
            for (ExportStatus export : exports) {
                new SlotChecks(machine).of(export).ifPresent(found::add);
                new UnitCheck(machine).of(export).ifPresent(found::add);
            }
        }
        return inUse ? found : found.stream().map(Finding::atMostWarning).toList();
    }

    private Collection<List<ExportStatus>> byDaemon() throws IOException {
        return ExportStatus.all(machine.host()).stream()
                .collect(Collectors.groupingBy(export -> export.entry().pid(), LinkedHashMap::new, Collectors.toList()))
                .values();
    }
}
