package dev.ramzswap.cli;

import dev.ramzswap.attach.BackgroundDaemon;
import dev.ramzswap.attach.Machine;
import dev.ramzswap.attach.SwapOn;
import dev.ramzswap.attach.SwapRequest;
import dev.ramzswap.config.Config;
import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.ExportConfig;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.Key;
import dev.ramzswap.status.ProgressLine;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ramzswap swapon}. */
@Command(
        name = "swapon",
        description = "Make an export this machine's swap, as root: load nbd, attach a free device, mkswap, swapon."
                + " With --size, --export or --config, start the daemon as well, in the background.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        modelTransformer = ServeOptions.OfSwapon.class,
        abbreviateSynopsis = true,
        footer = {
            "",
            "It says what is not as it should be for swap (see ramzswap doctor), and changes only what --tune allows. What"
                    + " doctor calls a problem, it refuses without --tune or --unsafe.",
            "Examples:",
            "  sudo ramzswap swapon swap0 --size 4G --tune",
            "  sudo ramzswap swapon swap0 --size 8G --limit 1G --tune \\",
            "      --backing-file /var/lib/ramzswap/swap0",
        })
final class SwaponCommand implements Callable<Integer> {
    private static final int MAX_PRIORITY = 32767;
    private static final int MAX_CONNECTIONS = 16;
    private static final int MAX_REQUEST = 600;
    private static final int MAX_RECONNECT = 86_400;

    @Parameters(
            paramLabel = "NAME",
            converter = NameConverter.class,
            completionCandidates = ExportNames.class,
            description = "The export.")
    private String name;

    @Option(names = "--device", paramLabel = "DEVICE", description = "/dev/nbdN. Default: the first that is free.")
    private String device;

    @Option(
            names = "--priority",
            paramLabel = "N",
            description = "The kernel fills what has the highest first, 0 to 32767. Default: "
                    + SwapRequest.USUAL_PRIORITY + ".")
    private Integer priority;

    @Option(
            names = "--connections",
            paramLabel = "N",
            description =
                    "Connections of the kernel, each served by a thread, 1 to 16. Default: one for each processor,"
                            + " at most 4.")
    private Integer connections;

    @Option(
            names = "--request-timeout",
            paramLabel = "SECONDS",
            description =
                    "How long the kernel waits for a reply before it cuts the connection and asks again, 1 to 600: more"
                            + " than the backing file's disk ever needs. What a daemon that died was asked for waits as"
                            + " long. Default: 15 with a backing file, else 3.")
    private Integer requestSeconds;

    @Option(
            names = "--reconnect-timeout",
            paramLabel = "SECONDS",
            description =
                    "How long the kernel keeps requests for the next daemon when this one has died, before it fails"
                            + " them, 0 to 86400. Default: " + SwapRequest.USUAL_RECONNECT_SECONDS + ".")
    private Integer reconnectSeconds;

    @Option(
            names = "--nbd-client",
            description = "Attach by the program nbd-client instead of the kernel's netlink interface. The device then"
                    + " fails as soon as the daemon dies.")
    private boolean nbdClient;

    @Option(
            names = "--tune",
            description =
                    "Set vm.page-cluster, vm.min_free_kbytes, vm.watermark_boost_factor and vm.watermark_scale_factor"
                            + " as swap needs them.")
    private boolean tune;

    @Option(
            names = "--no-slot-probe",
            description = "Have no program in the kernel (BPF) say which slots it frees: dead pages stay then.")
    private boolean noSlotProbe;

    @Spec
    private CommandSpec spec;

    private final Host host;

    SwaponCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws IOException, ConfigException, InterruptedException {
        if (device != null && !device.matches("/dev/nbd\\d+")) {
            throw new ConfigException("--device: '" + device + "' is no nbd device: give one such as /dev/nbd0");
        }
        check("--priority", priority, 0, MAX_PRIORITY);
        check("--connections", connections, 1, MAX_CONNECTIONS);
        check("--request-timeout", requestSeconds, 1, MAX_REQUEST);
        check("--reconnect-timeout", reconnectSeconds, 0, MAX_RECONNECT);
        var serve = new ServeOptions(spec);
        var request = new SwapRequest(
                name,
                Optional.ofNullable(device),
                Optional.ofNullable(priority),
                Optional.ofNullable(connections),
                nbdClient,
                Optional.ofNullable(requestSeconds).map(Duration::ofSeconds),
                Optional.ofNullable(reconnectSeconds).map(Duration::ofSeconds),
                tune,
                !noSlotProbe,
                serve.isGiven(Key.UNSAFE));
        var swapOn = new SwapOn(Machine.of(host), request, spec.commandLine().getOut());
        Optional<SwapOn.Starter> starter = starter(serve, request);
        Interruptible.run(() -> swapOn.run(starter));
        return 0;
    }

    private static void check(String option, Integer given, int least, int most) throws ConfigException {
        if (given != null && (given < least || given > most)) {
            throw new ConfigException(option + ": " + given + " is not from " + least + " to " + most);
        }
    }

    private Optional<SwapOn.Starter> starter(ServeOptions serve, SwapRequest request)
            throws IOException, ConfigException {
        List<String> options = words(serve);
        if (options.isEmpty() || options.equals(List.of(Key.UNSAFE.flag()))) {
            return Optional.empty(); // --unsafe alone is said of a daemon that runs
        }
        Map<Key, String> besides = new EnumMap<>(Map.of(Key.SWAP, "yes"));
        if (serve.describesOne()) {
            besides.put(Key.NAME, name);
        }
        // The daemon is not in this session's control group, and looks at its own.
        Config config = Config.of(serve.settings(besides), host.ofMachine());
        check(config);
        int ownWords = spec.root().commandLine().getParseResult().originalArgs().size();
        var command = new ArrayList<>(List.of("serve", Key.SWAP.flag()));
        if (serve.describesOne()) {
            command.addAll(List.of(Key.NAME.flag(), name));
        }
        command.addAll(options);
        var progress = new ProgressLine(spec.commandLine().getOut(), Terminal.isThere());
        return Optional.of(BackgroundDaemon.of(
                host,
                BackgroundDaemon.ownCommand(ownWords),
                command,
                config,
                name,
                request.successor(config),
                progress));
    }

    /** What could be served, but not swapped on; a file may ask for it. */
    private void check(Config config) throws ConfigException {
        ExportConfig export = config.exports().stream()
                .filter(one -> one.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new ConfigException("NAME: none of the exports described is '" + name + "'"));
        if (export.readOnly()) {
            throw new ConfigException("read-only: the kernel cannot swap to " + name + " then: leave it away");
        }
        if (config.socket().isEmpty()) {
            throw new ConfigException("listen: swap over TCP may freeze the machine: add socket=PATH");
        }
    }

    /** What was given of serve's options, as it was written. */
    static List<String> words(ServeOptions serve) {
        var words = new ArrayList<String>();
        for (OptionSpec option : serve.given()) {
            for (String value : option.originalStringValues()) {
                words.add(option.longestName() + (option.arity().max() == 0 ? "" : "=" + value));
            }
        }
        return words;
    }
}
