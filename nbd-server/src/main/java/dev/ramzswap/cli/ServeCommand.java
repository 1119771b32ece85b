package dev.ramzswap.cli;

import dev.ramzswap.daemon.Config;
import dev.ramzswap.daemon.ConfigException;
import dev.ramzswap.daemon.ConfigFile;
import dev.ramzswap.daemon.Daemon;
import dev.ramzswap.daemon.Host;
import dev.ramzswap.daemon.ProcessGuard;
import dev.ramzswap.daemon.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
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
    @Option(names = "--size", paramLabel = "SIZE", description = "Size of the device.")
    private String size;

    @Option(
            names = "--limit",
            paramLabel = "SIZE",
            description = "Memory that the pool may take; more goes to the backing file. Default: what the size needs.")
    private String limit;

    @Option(
            names = "--codec",
            paramLabel = "CODEC",
            description = "lz4, zstd or zstd:LEVEL with LEVEL from 1 to 19. Default: lz4.")
    private String codec;

    @Option(
            names = "--backing-file",
            paramLabel = "PATH",
            description = "File or block device that takes what the pool does not keep.")
    private String backingFile;

    @Option(
            names = "--backing-size",
            paramLabel = "SIZE",
            description = "How much of the backing file to reserve. Default: the worst case of all pages.")
    private String backingSize;

    @Option(names = "--no-encrypt", description = "Write the backing file in the clear.")
    private boolean noEncrypt;

    @Option(
            names = "--cutoff",
            paramLabel = "PART",
            description = "Keep a page raw that does not compress to less: bytes or percent of a page. Default: 75%%.")
    private String cutoff;

    @Option(names = "--overcommit", description = "Accept a size that limit and backing file may not be able to hold.")
    private boolean overcommit;

    @Option(names = "--read-only", description = "Let clients only read.")
    private boolean readOnly;

    @Option(names = "--name", paramLabel = "NAME", description = "Name of the export. Default: swap0.")
    private String name;

    @Option(
            names = "--export",
            paramLabel = "KEY=VALUE,...",
            description =
                    "One of several exports: name=..,size=..,limit=..,codec=..,backing-file=..,backing-size=..,"
                            + "encrypt=yes|no,cutoff=..,overcommit=yes|no,read-only=yes|no. Repeatable; the first is the default.")
    private List<String> exports = List.of();

    @Option(
            names = "--socket",
            paramLabel = "PATH",
            description = "Unix socket to serve on. Default, without --listen: NAME.sock in the runtime directory.")
    private String socket;

    @Option(names = "--listen", paramLabel = "HOST:PORT", description = "TCP address to serve on, as 127.0.0.1:10809.")
    private String listen;

    @Option(
            names = "--state-dir",
            paramLabel = "PATH",
            description = "Directory for files that outlive the daemon. Default: memory of its own.")
    private String stateDir;

    @Option(
            names = "--swap",
            description = "Guard the daemon as the kernel needs it that swaps on it: lock it in memory, mark it for"
                    + " reclaim, warm it up, populate memory ahead. Needs root.")
    private boolean swap;

    @Option(names = "--unsafe", description = "With --swap: serve also if the daemon cannot be guarded.")
    private boolean unsafe;

    @Option(names = "--reserve", description = "With --swap: take all memory that the limits allow at the start.")
    private boolean reserve;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Read the same keys from a file; flags go before it.")
    private Path config;

    @Spec
    private CommandSpec spec;

    private final Host host;

    ServeCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws IOException, ConfigException, InterruptedException {
        Config asked = Config.of(settings(), host);
        ProcessGuard.mark(asked.protection());
        Daemon daemon = Daemon.start(asked, host);
        daemon.stopOnExit();
        var out = spec.commandLine().getOut();
        out.print(NextSteps.of(asked));
        out.flush();
        daemon.await();
        return 0;
    }

    private Settings settings() throws ConfigException {
        var settings = new Settings();
        settings.flag("name", name);
        settings.flag("size", size);
        settings.flag("limit", limit);
        settings.flag("codec", codec);
        settings.flag("backing-file", backingFile);
        settings.flag("backing-size", backingSize);
        settings.flag("cutoff", cutoff);
        if (noEncrypt) {
            settings.flag("--no-encrypt", "encrypt", "no");
        }
        settings.flag("overcommit", overcommit ? "yes" : null);
        settings.flag("read-only", readOnly ? "yes" : null);
        settings.flag("socket", socket);
        settings.flag("listen", listen);
        settings.flag("state-dir", stateDir);
        settings.flag("swap", swap ? "yes" : null);
        settings.flag("unsafe", unsafe ? "yes" : null);
        settings.flag("reserve", reserve ? "yes" : null);
        for (String export : exports) {
            settings.export(export);
        }
        if (config != null) {
            settings.addMissing(ConfigFile.read(config));
        }
        return settings;
    }
}
