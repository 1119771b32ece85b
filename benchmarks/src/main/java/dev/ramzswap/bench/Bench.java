package dev.ramzswap.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Measures the daemon and {@code nbdkit memory} side by side: all servers run at once, are filled with the same pages,
 * and take turns at every workload of every round, so that what the machine does meanwhile meets them all. Progress
 * goes to stderr, the report to stdout.
 */
@Command(
        name = "ramzswap bench",
        mixinStandardHelpOptions = true,
        version = "ramzswap bench 0.1.0",
        sortOptions = false,
        description = "Measures ramzswap and 'nbdkit memory' side by side, on the same pages.")
final class Bench implements Callable<Integer> {
    private static final List<String> CODECS = List.of("lz4", "zstd:1");
    private static final List<String> ALLOCATORS = List.of("sparse", "zstd");
    private static final Pattern COMPRESSED = Pattern.compile("\"compr_data_size\"\\s*:\\s*(\\d+)");
    private static final int SAMPLED_PAGES = 8192;

    /** A server's start and fill, by the slowest codec and allocator: 50 MiB/s. */
    private static final int FILL_MEBIBYTES_PER_SECOND = 50;

    @Option(names = "--ramzswap", required = true, hidden = true, description = "The launcher.")
    private Path ramzswap;

    @Option(names = "--quick", description = "64 MiB, 1 round of 0.5 s each: to see that all works.")
    private boolean quick;

    @Option(names = "--rounds", defaultValue = "3", description = "Rounds (${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--seconds", defaultValue = "2", description = "For each workload (${DEFAULT-VALUE}).")
    private double seconds;

    @Option(names = "--size", defaultValue = "256", paramLabel = "MIB", description = "Of a device (${DEFAULT-VALUE}).")
    private int mebibytes;

    @Option(
            names = "--pages",
            paramLabel = "FILE",
            description = "File of raw 4096-byte pages (repeatable); default: a sample of this program's own memory.")
    private List<Path> pageFiles = List.of();

    @Option(
            names = "--nbdkit-threads",
            defaultValue = "1",
            description = "nbdkit's -t, threads for each connection (${DEFAULT-VALUE}: to copy a page is faster than to"
                    + " hand it to another thread).")
    private int nbdkitThreads;

    @Option(names = "--seed", defaultValue = "1", description = "Of pages and slots (${DEFAULT-VALUE}).")
    private long seed;

    private final List<Workload> workloads = Workload.all();
    private final List<Subject> ours = new ArrayList<>();
    private final List<Subject> peers = new ArrayList<>();

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (quick) {
            mebibytes = 64;
            rounds = 1;
            seconds = 0.5;
        }
        System.out.println("# ramzswap bench\n\n- " + Machine.describe() + "\n- " + versions());
        announce();
        Servers servers = Servers.create(Path.of(System.getProperty("java.io.tmpdir")));
        startAll(servers, pages(servers.directory()));
        fillAndMeasure();
        Report report = new Report(ours, peers, workloads, (long) mebibytes << 20, compressedBytes(servers));
        System.out.println("\n" + report.markdown());
        return 0;
    }

    private String versions() throws IOException, InterruptedException {
        String nbdkit;
        try {
            nbdkit = Machine.firstLine(List.of("nbdkit", "--version"));
        } catch (IOException e) {
            throw new IOException("nbdkit is missing: apt-get install nbdkit", e);
        }
        return Machine.firstLine(List.of(ramzswap.toString(), "--version")) + ", " + nbdkit;
    }

    private Duration time() {
        return Duration.ofMillis((long) (seconds * 1000));
    }

    private void announce() {
        int count = CODECS.size() + ALLOCATORS.size();
        long fills = (long) count * mebibytes / FILL_MEBIBYTES_PER_SECOND;
        long measuring = Subject.workloadTime(time())
                .multipliedBy((long) workloads.size() * rounds * count)
                .toSeconds();
        progress(count + " servers, " + rounds + " rounds of " + workloads.size() + " workloads of " + seconds
                + " s each: about " + (fills + measuring) + " s");
    }

    private static void progress(String line) {
        System.err.println("bench: " + line);
    }

    private Pages pages(Path directory) throws IOException {
        if (!pageFiles.isEmpty()) {
            Pages pages = Pages.read(pageFiles);
            System.out.println("- " + pages.count() + " pages of " + pageFiles);
            return pages;
        }
        long self = ProcessHandle.current().pid();
        ByteBuffer sample = PageSampler.ofProcesses(List.of(self), SAMPLED_PAGES, new Random(seed));
        Path file = directory.resolve("pages");
        PageSampler.write(sample, file);
        System.out.println("- of this program's own memory: " + PageSampler.describe(sample));
        return Pages.read(List.of(file));
    }

    private void startAll(Servers servers, Pages pages) throws IOException, InterruptedException {
        for (String codec : CODECS) {
            Path socket = servers.newSocket();
            List<String> command = ramzswap(
                    servers,
                    "serve",
                    "--name",
                    codec.replace(':', '-'),
                    "--size",
                    mebibytes + "M",
                    "--socket",
                    socket.toString(),
                    "--codec",
                    codec);
            ours.add(start(servers, "ramzswap " + codec, socket, command, pages));
        }
        for (String allocator : ALLOCATORS) {
            Path socket = servers.newSocket();
            List<String> command = List.of(
                    "nbdkit",
                    "--exit-with-parent",
                    "-f",
                    "-t",
                    Integer.toString(nbdkitThreads),
                    "-U",
                    socket.toString(),
                    "memory",
                    mebibytes + "M",
                    "allocator=" + allocator);
            peers.add(start(servers, "nbdkit " + allocator, socket, command, pages));
        }
    }

    /** A command of our launcher, with a runtime directory of its own: other daemons of this machine are left alone. */
    private List<String> ramzswap(Servers servers, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                "env", "RAMZSWAP_RUNTIME_DIR=" + servers.directory(), "RAMZSWAP_BUILD=no", ramzswap.toString()));
        Collections.addAll(command, arguments);
        return command;
    }

    private Subject start(Servers servers, String name, Path socket, List<String> command, Pages pages)
            throws IOException, InterruptedException {
        System.out.println("- " + name + ": `" + String.join(" ", command) + "`");
        DeviceContent content = new DeviceContent(pages, (mebibytes << 20) / Pages.BYTES);
        return new Subject(servers.start(name, socket, command), content);
    }

    private void fillAndMeasure() throws IOException, InterruptedException {
        List<Subject> all = new ArrayList<>(ours);
        all.addAll(peers);
        for (Subject subject : all) {
            progress("filling " + subject.name());
            subject.fill(seed);
        }
        for (int round = 1; round <= rounds; round++) {
            for (Workload workload : workloads) {
                progress("round " + round + " of " + rounds + ": " + workload.label());
                for (Subject subject : all) {
                    subject.measure(workload, time(), seed + round);
                }
            }
        }
    }

    /** What our servers say of themselves, by name. */
    private Map<String, Long> compressedBytes(Servers servers) throws IOException, InterruptedException {
        Map<String, Long> bytes = new HashMap<>();
        for (Subject subject : ours) {
            String socket = subject.server().socket().toString();
            String status = Machine.output(ramzswap(servers, "status", "--socket", socket, "--json"));
            Matcher matcher = COMPRESSED.matcher(status);
            if (!matcher.find()) {
                throw new IOException("no compr_data_size in " + status);
            }
            bytes.put(subject.name(), Long.parseLong(matcher.group(1)));
        }
        return bytes;
    }

    public static void main(String[] args) {
        CommandLine line = new CommandLine(new Bench());
        line.setExecutionExceptionHandler((e, command, result) -> {
            progress(e.getMessage());
            return 1;
        });
        System.exit(line.execute(args));
    }
}
