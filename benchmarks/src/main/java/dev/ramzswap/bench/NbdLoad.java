package dev.ramzswap.bench;

import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Drives any NBD server with pages from files, pipelined, and checks every byte that it reads back. The device must be
 * empty (all zeroes) at first. Exit status 1 on a page that did not read back as written, or an error reply.
 */
@Command(
        name = "nbdload",
        mixinStandardHelpOptions = true,
        version = "nbdload 0.1.0",
        sortOptions = false,
        description = "Drives an NBD server with 4 KiB requests, and checks every byte that it reads back.")
final class NbdLoad implements Callable<Integer> {
    @ArgGroup(multiplicity = "1")
    private Target target = new Target();

    private static final class Target {
        @Option(names = "--unix", paramLabel = "PATH", description = "The server's Unix socket.")
        private Path unix;

        @Option(names = "--tcp", paramLabel = "HOST:PORT", description = "The server's TCP address.")
        private String tcp;

        private SocketAddress address() {
            return unix != null ? UnixDomainSocketAddress.of(unix) : NbdConnection.tcp(tcp);
        }
    }

    @Option(names = "--export", defaultValue = "", description = "Name of the export (default: the default one).")
    private String export;

    @Option(
            names = "--pages",
            required = true,
            paramLabel = "FILE",
            description = "File of raw 4096-byte pages (repeatable).")
    private List<Path> files;

    @Option(
            names = "--phases",
            split = ",",
            defaultValue = "fill,read",
            paramLabel = "NAME[@DEPTH]",
            description = "fill, seqread, trim, read, rewrite, mix; default: ${DEFAULT-VALUE}.")
    private List<String> phases;

    @Option(names = "--depth", defaultValue = "64", description = "Requests in flight per connection (64).")
    private int depth;

    @Option(names = "--connections", defaultValue = "1", description = "Connections (1).")
    private int connections;

    @Option(names = "--slots", defaultValue = "65536", description = "Pages of the device to use (65536).")
    private int slots;

    @Option(names = "--seconds", defaultValue = "5", description = "Time for each random phase (5).")
    private double seconds;

    @Option(
            names = "--warmup",
            defaultValue = "0.3",
            description = "Seconds of each random phase that are run before it counts (0.3).")
    private double warmup;

    @Option(names = "--seed", defaultValue = "1", description = "Of the random slots (1).")
    private long seed;

    @Override
    public Integer call() throws Exception {
        List<Phase> parsed = phases.stream().map(p -> Phase.parse(p, depth)).toList();
        DeviceContent content = new DeviceContent(Pages.read(files), slots);
        boolean clean = true;
        try (Load load = new Load(target.address(), export, connections, content, seed)) {
            for (Phase phase : parsed) {
                PhaseResult result = load.run(phase, nanos(warmup), nanos(seconds), Duration.ofHours(1));
                System.out.println(result.line(phase));
                clean &= result.clean();
            }
        }
        return clean ? 0 : 1;
    }

    private static Duration nanos(double seconds) {
        return Duration.ofNanos((long) (seconds * 1e9));
    }

    public static void main(String[] args) {
        System.exit(new CommandLine(new NbdLoad()).execute(args));
    }
}
