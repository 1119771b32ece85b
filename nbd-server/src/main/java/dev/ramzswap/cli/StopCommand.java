package dev.ramzswap.cli;

import dev.ramzswap.config.Host;
import dev.ramzswap.status.ExportStatus;
import dev.ramzswap.status.LiveExport;
import dev.ramzswap.status.Succession;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ramzswap stop}. */
@Command(
        name = "stop",
        description = "End the daemon of an export, with all exports that it has. One that runs with --swap and has"
                + " clients goes on until they are gone. Those of a unit are ended by systemctl stop: where another"
                + " stands by, or systemd starts one again, that serves.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class StopCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "NAME",
            converter = NameConverter.class,
            completionCandidates = ExportNames.class,
            description = "The export, as ramzswap status shows it.")
    private String name;

    @Option(
            names = "--force",
            description =
                    "End it at once. If the kernel still swaps there, what it has there is lost, and processes die, unless"
                            + " another daemon stands by.")
    private boolean force;

    @Spec
    private CommandSpec spec;

    private final Host host;

    StopCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        ExportStatus status = ExportStatus.named(host, name).getFirst();
        Succession succession = Succession.of(status);
        PrintWriter out = spec.commandLine().getOut();
        var export = new LiveExport(status, out, Terminal.isThere());
        if (force) {
            export.stopByForce();
        } else {
            export.stop(host);
        }
        succession.text(host).ifPresent(text -> out.println(name + ": " + text));
        return 0;
    }
}
