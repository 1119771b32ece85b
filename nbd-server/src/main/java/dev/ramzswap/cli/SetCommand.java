package dev.ramzswap.cli;

import dev.ramzswap.config.Changes;
import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.Host;
import dev.ramzswap.status.ExportStatus;
import dev.ramzswap.status.LiveExport;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ramzswap set}. */
@Command(
        name = "set",
        description = "Change a running export. Returns when the pool is within a lowered limit.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        footer = {
            "",
            "A limit with which not all pages could be held is refused, unless the daemon was started with a backing file"
                    + " that takes the rest, or with --overcommit.",
            "Examples:",
            "  ramzswap set swap0 codec=zstd:3",
            "  ramzswap set swap0 limit=256M",
        })
final class SetCommand implements Callable<Integer> {
    @Parameters(
            index = "0",
            paramLabel = "NAME",
            converter = NameConverter.class,
            completionCandidates = ExportNames.class,
            description = "The export, as ramzswap status shows it.")
    private String name;

    @Parameters(
            index = "1..*",
            arity = "1..*",
            paramLabel = "KEY=VALUE",
            description = "limit=SIZE or limit=none, codec=CODEC, or both.")
    private List<String> changes;

    @Spec
    private CommandSpec spec;

    private final Host host;

    SetCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws IOException, ConfigException, InterruptedException {
        Changes asked = Changes.parse(changes, host.ofMachine().memory());
        ExportStatus export = ExportStatus.named(host, name).getFirst();
        new LiveExport(export, spec.commandLine().getOut(), Terminal.isThere()).set(asked);
        return 0;
    }
}
