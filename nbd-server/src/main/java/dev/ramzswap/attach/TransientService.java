package dev.ramzswap.attach;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A daemon as a service of systemd's that has no unit file (systemd-run(1)). In the session of who starts it, it would
 * be charged to that, and killed with it at a logout or long before the end of a shutdown, when programs still need
 * what they have in swap. What guards it is a part of {@code ramzswap@.service.d/10-guard.conf}; but nobody stands by
 * for it, and so it ends by {@code swapoff}.
 *
 * <p>Of the sandbox there, it has what asks neither where files lie that the user chooses, nor for a mount namespace of
 * its own: {@code swapoff} runs here in the end.
 */
final class TransientService implements Launcher {
    private static final Path SYSTEMD = Path.of("/run/systemd/system");

    /**
     * Systemd stops the service also when the daemon has ended by itself; then there is nothing to do. Without the
     * prefix ":", dollar and semicolon: after a daemon-reload, systemd 252 has lost a command that has the one, and put
     * backslashes before the others.
     */
    private static final String IF_STILL_THERE = "! printenv MAINPID >/dev/null || exec ";

    /**
     * Its last word in the log if it did not end by itself, and could say why; systemd-run forgets how it ended, and
     * has one status for all. At 1 it has, unless it was the JVM that failed: a warning, since it is not why. In pieces
     * that systemd 252 leaves as they are, like those above. %s is the unit.
     */
    private static final String LAST_WORD = "printenv EXIT_STATUS | grep -qx 1"
            + " && echo 'ramzswap: warning: it ended with status 1: if nothing before says why, Java itself has failed'"
            + " || printenv EXIT_STATUS | grep -vx '[012]' | sed -e 's/^[A-Z]/signal &/'"
            + " -e 's/^[0-9]/status &/' -e 's/.*/ramzswap: it ended with &: journalctl -u %s says more/'";

    /** What the launcher sets, where commands look for the daemon, and which bytes its paths are. */
    private static final Pattern NEEDED_VARIABLE = Pattern.compile("PATH|MALLOC_.*|RAMZSWAP_.*|LANG|LC_.*");

    private static final List<String> PROPERTIES = List.of(
            // A swap unit in all but name: what may need swap stops before it.
            "DefaultDependencies=no",
            "Before=swap.target umount.target",
            "Conflicts=umount.target",
            "IgnoreOnIsolate=yes",
            // The package's, where it is installed, as with its own units.
            "Wants=ramzswap-hibernation.service",
            // A restart, as needrestart's, would lose the swap.
            "RefuseManualStop=yes",
            "NotifyAccess=main",
            // Whoever waits for it may interrupt it.
            "TimeoutStartSec=infinity",
            "TimeoutStopSec=15min",
            "KillMode=process",
            "SendSIGKILL=no",
            // Its memory is kept only if its slice's is.
            "Slice=-.slice",
            "MemoryMin=160M",
            "MemorySwapMax=0",
            "LimitMEMLOCK=infinity",
            "LimitCORE=1",
            "OOMScoreAdjust=-1000",
            "OOMPolicy=continue",
            "ManagedOOMPreference=omit",
            "UMask=0077",
            "NoNewPrivileges=yes",
            "RestrictNamespaces=yes",
            "RestrictSUIDSGID=yes",
            "LockPersonality=yes");

    private final String export;
    private final List<String> program;
    private final Successor successor;
    private final Collection<Path> mounts;
    private final Map<String, String> variables;
    private final ServiceUnit unit;
    private final Duration patience;

    /**
     * @param program the words that run the command line
     * @param mounts directories that the daemon needs until it ends
     * @param variables the environment
     * @param tools has systemctl
     * @param patience with one that is told to end
     */
    TransientService(
            String export,
            List<String> program,
            Successor successor,
            Collection<Path> mounts,
            Map<String, String> variables,
            Tools tools,
            Duration patience) {
        this.export = export;
        this.program = List.copyOf(program);
        this.successor = successor;
        this.mounts = List.copyOf(mounts);
        this.variables = Map.copyOf(variables);
        this.unit = new ServiceUnit(export, tools);
        this.patience = patience;
    }

    /** Whether systemd is what started this machine. */
    static boolean isPossible() {
        return Files.isDirectory(SYSTEMD);
    }

    /** In a session of its own: the terminal's Ctrl-C is for who waits for it, and then ends what it has started. */
    @Override
    public List<String> words(List<String> command, Path log) {
        var words =
                new ArrayList<>(List.of("setsid", "systemd-run", "--collect", "--same-dir", "--unit=" + unit.name()));
        words.add("--description=Compressed swap device " + export);
        words.add("--service-type=notify");
        PROPERTIES.forEach(property -> words.add("--property=" + property));
        successor.properties().forEach(property -> words.add("--property=" + property));
        words.add("--property=StandardOutput=append:" + log);
        words.add("--property=StandardError=append:" + log);
        words.add("--property=RequiresMountsFor="
                + quoted(Stream.concat(Stream.of(log.getParent()), mounts.stream())
                        .map(Path::toString)));
        words.add("--property=ExecStop=" + quoted(Stream.of("/bin/sh", "-c", stopScript())));
        words.add("--property=ExecStopPost=" + quoted(Stream.of("/bin/sh", "-c", LAST_WORD.formatted(unit.name()))));
        variables.forEach((name, value) -> {
            if (NEEDED_VARIABLE.matcher(name).matches()) {
                words.add("--setenv=" + name + "=" + value);
            }
        });
        words.add("--");
        command.forEach(word -> words.add(unexpanded(word)));
        return words;
    }

    /** By SIGKILL only what has never served: one that drains goes on for who is attached to another export. */
    @Override
    public boolean end(Process words) throws IOException, InterruptedException {
        words.destroyForcibly();
        unit.cancel();
        boolean isOver = unit.ends(patience, () -> {});
        if (!isOver && unit.begins()) {
            unit.kill();
            isOver = true;
        }
        return isOver;
    }

    private String stopScript() {
        String swapoff = Stream.concat(program.stream(), Stream.of("swapoff", export))
                .map(word -> "'" + word.replace("'", "'\\''") + "'")
                .collect(Collectors.joining(" "));
        return unexpanded(IF_STILL_THERE + swapoff);
    }

    private static String unexpanded(String word) {
        return word.replace("$", "$$");
    }

    /** As words of a unit's setting: systemd.syntax(7). */
    private static String quoted(Stream<String> words) {
        return words.map(word -> '"' + word.replace("\\", "\\\\").replace("\"", "\\\"") + '"')
                .collect(Collectors.joining(" "));
    }
}
