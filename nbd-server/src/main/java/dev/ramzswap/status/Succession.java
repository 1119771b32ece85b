package dev.ramzswap.status;

import dev.ramzswap.config.Host;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/**
 * Who serves an export when its daemon has been told to end: another that stood by, or one that systemd starts anew.
 *
 * @param before the export, as the daemon served it that was told to end
 * @param isOfUnits whether that was one of the package's two
 */
public record Succession(ExportEntry before, boolean isOfUnits) {
    /** To take over lasts less than half of this. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private static final Duration LOOK = Duration.ofMillis(50);

    /** While the daemon still runs. */
    public static Succession of(ExportStatus export) {
        return new Succession(export.entry(), Starter.of(export.entry()) == Starter.UNITS);
    }

    /** What is to be said of it when the daemon has ended; nothing if it has not, or nobody follows. */
    public Optional<String> text(Host host) throws IOException, InterruptedException {
        if (before.isAlive() || !mayHaveOne()) {
            return Optional.empty();
        }
        Optional<ExportStatus> next = await(host);
        if (isOfUnits) {
            return Optional.of(next.map(Succession::serves).orElse("systemd starts its daemon again")
                    + ": systemctl stop ramzswap@" + before.name() + " ramzswap-standby@" + before.name()
                    + " ends both");
        }
        return next.map(other -> serves(other) + ": ramzswap stop " + before.name() + " ends that one");
    }

    /** Without a state that outlives its daemon, nobody stands by. */
    private boolean mayHaveOne() {
        return isOfUnits || !before.counters().startsWith("/proc/");
    }

    private Optional<ExportStatus> await(Host host) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        Optional<ExportStatus> next = find(host);
        while (next.isEmpty() && System.nanoTime() - deadline < 0) {
            Thread.sleep(LOOK);
            next = find(host);
        }
        return next;
    }

    /** Another user may have one of the same name, but not of the same state. */
    private Optional<ExportStatus> find(Host host) throws IOException {
        return ExportStatus.all(host).stream()
                .filter(export -> export.name().equals(before.name()))
                .filter(export -> export.entry().counters().equals(before.counters()))
                .findFirst();
    }

    private static String serves(ExportStatus next) {
        return "another daemon (pid " + next.entry().pid() + ") serves it now";
    }
}
