package dev.ramzswap.cli;

import dev.ramzswap.attach.Machine;
import dev.ramzswap.attach.Reattacher;
import dev.ramzswap.config.Config;
import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.StateDir;
import dev.ramzswap.daemon.Daemon;
import dev.ramzswap.daemon.Signals;
import dev.ramzswap.guard.ProcessGuard;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ramzswap serve}. */
@Command(
        name = "serve",
        description = "Serve one or more compressed swap devices, until SIGTERM or Ctrl-C.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        abbreviateSynopsis = true,
        footer = {
            "",
            "SIZE is a number of bytes or has a unit: 512M, 1.5G, 4G. It is a multiple of 4096.",
            "Examples:",
            "  ramzswap serve --size 1G --socket /run/ramzswap/swap0.sock",
            "  ramzswap serve --size 8G --limit 1G --backing-file /var/lib/ramzswap/swap0",
            "  ramzswap serve --export name=a,size=1G --export name=b,size=4G,codec=zstd:3",
        })
final class ServeCommand implements Callable<Integer> {
    @Option(names = "--name", paramLabel = "NAME", description = "Name of the export. Default: swap0.")
    private String name;

    @Mixin
    private ServeOptions options;

    @Spec
    private CommandSpec spec;

    private final Host host;

    ServeCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws IOException, ConfigException, InterruptedException {
        Config asked = Config.of(options.settings(name), host);
        StateDir.check(asked);
        ProcessGuard.mark(asked.protection());
        Daemon daemon = Daemon.start(asked, host, new Reattacher(Machine.of(host)), Signals::onTermination);
        var out = spec.commandLine().getOut();
        out.print(NextSteps.of(asked));
        out.flush();
        daemon.run();
        return 0;
    }
}
