package dev.ramzswap.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.random.RandomGenerator;
import java.util.zip.Deflater;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Makes a file of raw pages for {@link NbdLoad}: a sample of running processes' memory, or synthetic pages. No process
 * but this one is looked into unless it is named, since its memory may hold secrets; only its owner may read the file.
 */
@Command(
        name = "pagesampler",
        mixinStandardHelpOptions = true,
        version = "pagesampler 0.1.0",
        sortOptions = false,
        description = "Writes a file of raw 4096-byte pages, sampled from the memory of processes, or synthetic.")
final class PageSampler implements Callable<Integer> {
    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The file to write; replaced.")
    private Path out;

    @Option(names = "--count", defaultValue = "4096", description = "Pages (${DEFAULT-VALUE}).")
    private int count;

    @Option(names = "--seed", defaultValue = "1", description = "Of the choice of pages (${DEFAULT-VALUE}).")
    private long seed;

    @ArgGroup
    private Source source = new Source();

    private static final class Source {
        @Option(
                names = "--pid",
                split = ",",
                paramLabel = "PID",
                description = "Processes to sample, in equal parts (default: this one).")
        private List<Long> pids = List.of(ProcessHandle.current().pid());

        @Option(
                names = "--compressible",
                paramLabel = "PERCENT",
                description = "Synthetic pages instead, which shrink by about this share.")
        private Integer percent;
    }

    @Override
    public Integer call() throws IOException {
        Random random = new Random(seed);
        ByteBuffer pages = source.percent != null
                ? synthetic(count, source.percent, random)
                : ofProcesses(source.pids, count, random);
        write(pages, out);
        System.out.println(describe(pages));
        return 0;
    }

    static ByteBuffer synthetic(int count, int percent, RandomGenerator random) {
        ByteBuffer pages = ByteBuffer.allocateDirect(count * Pages.BYTES);
        SyntheticPages.fill(pages, percent, random);
        return pages.flip();
    }

    /** @return {@code count} pages, in equal parts of every process that has so many; fewer if some have not */
    static ByteBuffer ofProcesses(List<Long> pids, int count, RandomGenerator random) throws IOException {
        List<ProcessPages> processes = new ArrayList<>();
        for (long pid : pids) {
            processes.add(ProcessPages.of(pid));
        }
        // Made only now, so that it is not itself among the pages of this process.
        ByteBuffer pages = ByteBuffer.allocateDirect(count * Pages.BYTES);
        int left = processes.size();
        for (ProcessPages process : processes) {
            int share = pages.remaining() / Pages.BYTES / left-- * Pages.BYTES;
            process.sample(pages.limit(pages.position() + share), random);
            pages.limit(pages.capacity());
        }
        return pages.flip();
    }

    /** Writes all pages to a new file that only its owner may read. */
    static void write(ByteBuffer pages, Path file) throws IOException {
        Set<StandardOpenOption> options =
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
        var ownerOnly = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        try (FileChannel channel = FileChannel.open(file, options, ownerOnly)) {
            ByteBuffer rest = pages.duplicate();
            while (rest.hasRemaining()) {
                channel.write(rest);
            }
        }
    }

    /** How many there are, and how well they compress, by a codec that none of the servers uses. */
    static String describe(ByteBuffer pages) {
        int count = pages.remaining() / Pages.BYTES;
        byte[] page = new byte[Pages.BYTES];
        byte[] packed = new byte[2 * Pages.BYTES];
        Deflater deflater = new Deflater(Deflater.BEST_SPEED);
        long packedBytes = 0;
        int zeroPages = 0;
        for (int i = 0; i < count; i++) {
            pages.get(i * Pages.BYTES, page);
            zeroPages += isZero(page) ? 1 : 0;
            deflater.reset();
            deflater.setInput(page);
            deflater.finish();
            packedBytes += deflater.deflate(packed);
        }
        deflater.end();
        return String.format(
                Locale.ROOT,
                "%d pages, %.1f %% of them zero, deflate -1 to %.1f %%",
                count,
                100.0 * zeroPages / count,
                100.0 * packedBytes / ((long) count * Pages.BYTES));
    }

    private static boolean isZero(byte[] page) {
        for (byte b : page) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }

    public static void main(String[] args) {
        System.exit(new CommandLine(new PageSampler()).execute(args));
    }
}
