package dev.ramzswap.attach;

import dev.ramzswap.status.ExportStatus;
import java.io.IOException;
import java.util.Optional;

/** By the program nbd-client. The device fails all its requests when its connections are gone. */
final class NbdClientAttacher implements Attacher {
    static final String PROGRAM = "nbd-client";

    private final Tools tools;
    private final int connections;

    NbdClientAttacher(Tools tools, int connections) {
        this.tools = tools;
        this.connections = connections;
    }

    @Override
    public Optional<Finding> lack() {
        return tools.has(PROGRAM)
                ? Optional.empty()
                : Optional.of(Finding.problem(PROGRAM, "not installed", "apt-get install nbd-client"));
    }

    @Override
    public void attach(ExportStatus export, NbdDevice device) throws IOException, InterruptedException {
        tools.must(
                PROGRAM,
                "-unix",
                export.entry().socket(),
                device.path(),
                "-b",
                "4096",
                "-C",
                Integer.toString(connections),
                "-swap",
                "-N",
                export.name());
    }
}
