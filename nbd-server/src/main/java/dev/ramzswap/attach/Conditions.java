package dev.ramzswap.attach;

import dev.ramzswap.attach.Finding.Level;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What {@code doctor} looks at, as {@link SwapOn} insists on it, or says it. */
final class Conditions {
    private final Machine machine;
    private final SwapRequest request;
    private final PrintWriter out;

    Conditions(Machine machine, SwapRequest request, PrintWriter out) {
        this.machine = machine;
        this.request = request;
        this.out = out;
    }

    /** @param lack of what attaches the device */
    void requireMeans(Optional<Finding> lack) throws IOException {
        var means = new ArrayList<>(new MachineChecks(machine).means());
        lack.ifPresent(means::add);
        for (Finding finding : means) {
            if (finding.level() == Level.PROBLEM) {
                throw new IOException(finding.subject() + ": " + finding.text() + ": " + finding.cure());
            }
        }
    }

    /** What doctor calls a problem, the machine may freeze for: it is not swapped on unless the user wants it so. */
    void requireSettings() throws IOException {
        if (request.tune() || request.isUnsafe()) {
            return;
        }
        for (Finding finding : new MachineChecks(machine).surroundings(request.newPriority())) {
            if (finding.level() == Level.PROBLEM) {
                throw new IOException(finding.subject() + " is " + finding.text() + ": " + finding.cure()
                        + ", or --tune, which does that and what else is wanted; --unsafe swaps all the same");
            }
        }
    }

    void requireGuarded(List<Finding> daemon) throws IOException {
        if (!request.isUnsafe() && !Finding.isSafe(daemon)) {
            throw new IOException("the daemon is not guarded, and the machine may freeze as soon as memory is short:"
                    + " serve it with --swap, or swap on it all the same with --unsafe");
        }
    }

    /**
     * Says what is not as it should be.
     *
     * @param priority of the device
     */
    void report(List<Finding> daemon, int priority) throws IOException {
        var findings = new ArrayList<Finding>(new MachineChecks(machine).surroundings(priority));
        findings.addAll(new SystemChecks(machine.files()).all());
        findings.addAll(daemon);
        List<Finding> bad =
                findings.stream().filter(finding -> finding.level() != Level.OK).toList();
        bad.forEach(out::println);
        if (bad.stream().anyMatch(finding -> finding.cure().startsWith("sysctl"))) {
            out.println("(swapon changed none of this; with --tune, it does what sysctl is named for)");
        }
    }
}
