package dev.ramzswap.cli;

import dev.ramzswap.attach.Machine;
import dev.ramzswap.attach.SlotChecks;
import dev.ramzswap.config.Host;
import dev.ramzswap.status.ExportStatus;
import dev.ramzswap.status.KernelSlots;
import dev.ramzswap.status.StatusText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ramzswap status}. */
@Command(
        name = "status",
        description = "Show what running daemons hold, one line per export. Reads their counters; does not ask them.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        footer = {
            "",
            "SIZE is the device's, DATA what is stored, COMPR what of it is in RAM, compressed, TOTAL the RAM it takes,"
                    + " LIMIT what it may take, FILE what of DATA is in the backing file, RATIO is (DATA - FILE) / COMPR.",
            "With NAME, where this machine swaps there, a line below says how many of the stored pages the kernel has still,"
                    + " and what becomes of the others.",
        })
final class StatusCommand implements Callable<Integer> {
    /** At most one of them. */
    private static final class Which {
        @Option(names = "--socket", paramLabel = "PATH", description = "Only the exports at this Unix socket.")
        private Path socket;

        @Parameters(
                arity = "0..1",
                paramLabel = "NAME",
                converter = NameConverter.class,
                completionCandidates = ExportNames.class,
                description = "Only this export.")
        private String name;

        @Option(
                names = "--name",
                paramLabel = "NAME",
                converter = NameConverter.class,
                completionCandidates = ExportNames.class,
                description = "The same as NAME.")
        private String named;
    }

    @ArgGroup
    private Which which;

    @Option(names = "--json", description = "JSON, with the counters' own names, in bytes or numbers of pages.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    private final Host host;

    StatusCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws IOException {
        List<ExportStatus> exports = exports();
        if (exports.isEmpty() && !json) {
            throw new IOException("nothing is served: start with ramzswap serve --size 1G");
        }
        var out = spec.commandLine().getOut();
        Map<ExportStatus, KernelSlots> slots = slots(json || name().isPresent() ? exports : List.of());
        out.print(json ? StatusText.json(exports, slots) : StatusText.table(exports, slots));
        Output.flush(spec.commandLine());
        return 0;
    }

    private List<ExportStatus> exports() throws IOException {
        if (name().isPresent()) {
            return ExportStatus.named(host, name().get());
        }
        return which == null ? ExportStatus.all(host) : ExportStatus.at(host, which.socket);
    }

    private Optional<String> name() {
        return Optional.ofNullable(which).map(one -> one.name != null ? one.name : one.named);
    }

    private Map<ExportStatus, KernelSlots> slots(List<ExportStatus> exports) throws IOException {
        var checks = new SlotChecks(Machine.of(host));
        Map<ExportStatus, KernelSlots> slots = new HashMap<>();
        for (ExportStatus export : exports) {
            checks.slots(export).ifPresent(found -> slots.put(export, found));
        }
        return slots;
    }
}
