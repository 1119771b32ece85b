package dev.ramzswap.cli;

import dev.ramzswap.attach.Doctor;
import dev.ramzswap.attach.Finding;
import dev.ramzswap.attach.Machine;
import dev.ramzswap.attach.SwapRequest;
import dev.ramzswap.config.Host;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ramzswap doctor}. */
@Command(
        name = "doctor",
        description =
                "Check whether this machine can swap to ramzswap safely, as root. Changes nothing. The status is 0 if"
                        + " there is no problem; warnings do not count.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class DoctorCommand implements Callable<Integer> {
    @Option(
            names = "--priority",
            paramLabel = "N",
            defaultValue = "" + SwapRequest.USUAL_PRIORITY,
            description = "What other swap is compared with. Default: ${DEFAULT-VALUE}.")
    private int priority;

    @Option(names = "--json", description = "JSON: an object for each check.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    private final Host host;

    DoctorCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        List<Finding> findings = new Doctor(Machine.of(host)).examine(priority);
        var out = spec.commandLine().getOut();
        if (json) {
            out.print(Finding.json(findings));
        } else {
            findings.forEach(out::println);
        }
        Output.flush(spec.commandLine());
        return Finding.isSafe(findings) ? ExitCode.OK : ExitCode.SOFTWARE;
    }
}
