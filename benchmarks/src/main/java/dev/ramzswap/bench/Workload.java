package dev.ramzswap.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** One line of the report: random requests of a page each. */
record Workload(Phase phase, int connections) {
    /** All that are measured, those of one number of connections behind each other. */
    static List<Workload> all() {
        List<Workload> all = new ArrayList<>();
        for (int connections = 1; connections <= 2; connections++) {
            for (int depth : new int[] {64, 1}) {
                all.add(new Workload(new Phase(Phase.Kind.REWRITE, depth), connections));
                all.add(new Workload(new Phase(Phase.Kind.READ, depth), connections));
            }
        }
        return all;
    }

    String label() {
        return String.format(
                Locale.ROOT,
                "%s, depth %d, %d connection%s",
                phase.kind() == Phase.Kind.READ ? "read" : "write",
                phase.depth(),
                connections,
                connections == 1 ? "" : "s");
    }
}
