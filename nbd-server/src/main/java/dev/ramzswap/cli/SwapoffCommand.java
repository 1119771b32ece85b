package dev.ramzswap.cli;

import dev.ramzswap.attach.Machine;
import dev.ramzswap.attach.SwapOff;
import dev.ramzswap.config.Host;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ramzswap swapoff}. */
@Command(
        name = "swapoff",
        description =
                "Undo ramzswap swapon, as root: take the pages back, which may last minutes, detach the device, and"
                        + " end the daemon if swapon started it.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class SwapoffCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "NAME",
            converter = NameConverter.class,
            completionCandidates = ExportNames.class,
            description = "The export.")
    private String name;

    @Option(names = "--force", description = "Try it even if there is not enough memory to take the pages back.")
    private boolean force;

    @Spec
    private CommandSpec spec;

    private final Host host;

    SwapoffCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        var swapOff = new SwapOff(Machine.of(host), name, spec.commandLine().getOut(), Terminal.isThere());
        Interruptible.run(() -> swapOff.run(force));
        return 0;
    }
}
