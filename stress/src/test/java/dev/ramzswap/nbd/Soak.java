package dev.ramzswap.nbd;

import dev.ramzswap.backing.UnreliableDevice.Mood;
import dev.ramzswap.daemon.SoakedExport;
import dev.ramzswap.nbd.SoakCounts.Count;
import dev.ramzswap.daemon.StderrLogs;
import dev.ramzswap.store.CodecSpec;
import dev.ramzswap.store.Counters;
import dev.ramzswap.store.Counters.Counter;
import dev.ramzswap.store.PageStore;
import dev.ramzswap.store.SoakedStore;
import dev.ramzswap.store.StoreConfig;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * Eight clients on one export for as long as is asked, each page checked, while limit and codec change and the backing
 * file fails, is slow, or lies. Then all is mended, and what is counted must agree with what the clients were told;
 * then all is dropped, and nothing of it may be left: no byte, thread, descriptor or mapped memory.
 *
 * <p>Arguments: seconds, and a seed to replay one that failed (as far as threads let themselves be replayed).
 */
final class Soak implements AutoCloseable {
    private static final int SLOTS = 8192;
    private static final long LEAST_LIMIT = 2 << 20;
    private static final long MOST_LIMIT = 10 << 20;
    private static final long PATIENCE_SECONDS = 60;
    private static final long ROUND_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final String[] CODECS = {"lz4", "zstd:1", "zstd:3"};

    /** Healthy for half of the time. */
    private static final Mood[] MOODS = {
        Mood.HEALTHY, Mood.HEALTHY, Mood.HEALTHY, Mood.HEALTHY, Mood.FAILING, Mood.DEAD, Mood.SLOW, Mood.LYING
    };

    private final SplittableRandom random;
    private final SoakedStore soaked;
    private final PageStore store;
    private final NbdServer server;
    private final ExecutorService threads = Executors.newFixedThreadPool(SoakClient.CLIENTS);
    private final List<SoakClient> clients = new ArrayList<>();
    private int changes;

    private Soak(Path directory, long seed) throws IOException {
        random = new SplittableRandom(seed);
        soaked = new SoakedStore(SLOTS, directory.resolve("file"), seed);
        store = soaked.store();
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("s"));
        server = new NbdServer(
                List.of(SoakedExport.of(store)), List.of(Endpoint.plain(address)), Limits.DEFAULT, ClientListener.NONE);
        server.start();
        AtomicLongArray newest = new AtomicLongArray(SLOTS);
        for (int id = 0; id < SoakClient.CLIENTS; id++) {
            clients.add(new SoakClient(address, id, newest, soaked::free, seed));
        }
    }

    public static void main(String[] args) throws Exception {
        long seconds = Long.parseLong(args[0]);
        long seed = args.length > 1 ? Long.parseLong(args[1]) : System.nanoTime();
        System.out.println("soak: " + seconds + " s, seed " + seed);
        Path directory = Files.createTempDirectory("soak");
        SocketChannel.open().close(); // The JDK keeps a socket for itself from the first one on.
        StderrLogs.flush(); // The log has a thread from the first line on.
        List<String> openedBefore = opened(directory);
        Set<Thread> threadsBefore = liveThreads();
        try (Soak soak = new Soak(directory, seed)) {
            soak.run(seconds);
        } finally {
            Files.deleteIfExists(directory.resolve("file"));
            Files.deleteIfExists(directory);
        }
        await("threads are left", () -> threadsBefore.containsAll(liveThreads()));
        require(openedBefore.containsAll(opened(directory)), "descriptors are left: " + opened(directory));
        require(!Files.readString(Path.of("/proc/self/maps")).contains("memfd:ramzswap"), "memory is left mapped");
        System.out.println("soak: passed");
    }

    private void run(long seconds) throws Exception {
        long begin = System.nanoTime();
        long end = begin + TimeUnit.SECONDS.toNanos(seconds);
        long early = 0;
        while (System.nanoTime() - end < 0) {
            playRound();
            if (early == 0 && System.nanoTime() - begin > (end - begin) / 10) {
                early = residentKib();
            }
        }
        finish(start(SoakClient::mend));
        SoakCounts counts =
                SoakCounts.sum(clients.stream().map(SoakClient::counts).toList());
        report(counts, early);
        require(counts.get(Count.REFUSALS) == 0, "writes were refused that limit and file can hold");
        requireAgreement(counts);
        store.setLimit(LEAST_LIMIT);
        await("the limit is exceeded", () -> get(Counter.MEM_USED_TOTAL) <= LEAST_LIMIT);
        finish(start(SoakClient::trimAll));
        for (SoakClient client : clients) {
            client.close();
        }
        await("connections are left", () -> server.connections() == 0);
        require(server.memoryInUse() == 0, server.memoryInUse() + " bytes of I/O buffers are left");
        require(soaked.leftovers().isEmpty(), soaked.leftovers() + " are left");
    }

    /** All play, and all is disturbed; then the file is mended, and the store must come to rest as it should be. */
    private void playRound() throws Exception {
        long end = System.nanoTime() + ROUND_NANOS;
        List<Future<?>> playing = start(client -> client.play(end));
        while (System.nanoTime() - end < 0 && playing.stream().noneMatch(Future::isDone)) {
            disturb();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50 + random.nextInt(400)));
        }
        soaked.device().be(Mood.HEALTHY);
        finish(playing);
        await("the backing file goes on failing", () -> !soaked.backing().failing());
        await("the limit is exceeded", () -> get(Counter.MEM_USED_TOTAL) <= store.limit());
        soaked.checkInvariants("after " + changes + " changes");
    }

    private void disturb() {
        store.setCodec(CodecSpec.parse(CODECS[random.nextInt(CODECS.length)]));
        store.setLimit(random.nextInt(4) == 0 ? StoreConfig.NO_LIMIT : random.nextLong(LEAST_LIMIT, MOST_LIMIT));
        soaked.device().be(MOODS[random.nextInt(MOODS.length)]);
        changes++;
    }

    private interface Task {
        void run(SoakClient client) throws IOException;
    }

    private List<Future<?>> start(Task task) {
        List<Future<?>> futures = new ArrayList<>();
        for (SoakClient client : clients) {
            futures.add(threads.submit(() -> {
                task.run(client);
                return null;
            }));
        }
        return futures;
    }

    private static void finish(List<Future<?>> futures) throws Exception {
        for (Future<?> future : futures) {
            future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    private long get(Counter counter) {
        return store.counters().get(counter);
    }

    private void requireAgreement(SoakCounts counts) {
        Counters counters = store.counters();
        long stored = clients.stream().mapToLong(SoakClient::stored).sum();
        await("freed pages are left", () -> get(Counter.ORIG_DATA_SIZE) <= stored * PageStore.SLOT_BYTES);
        requireEqual(stored * PageStore.SLOT_BYTES, counters, Counter.ORIG_DATA_SIZE);
        require(get(Counter.FREED_SLOTS) > 0, "no freed page was dropped");
        require(get(Counter.FREED_SLOTS) <= counts.get(Count.FREES), "more pages were dropped than freed");
        requireEqual(counts.get(Count.READS_OF_DATA), counters, Counter.LOADS);
        requireEqual(counts.get(Count.TRIMS_OF_DATA), counters, Counter.INVALIDATES);
        requireEqual(counts.get(Count.READ_ERRORS) + counts.get(Count.WRITE_ERRORS), counters, Counter.IO_ERRORS);
        requireEqual(counts.get(Count.REFUSALS), counters, Counter.REFUSED_STORES);
        require(
                get(Counter.SUCC_STORES) + get(Counter.FAILED_STORES)
                        == counts.get(Count.WRITES) + counts.get(Count.PATCHES),
                "stores are " + get(Counter.SUCC_STORES) + " + " + get(Counter.FAILED_STORES));
    }

    private static void requireEqual(long expected, Counters counters, Counter counter) {
        require(
                expected == counters.get(counter),
                counter.label() + " is " + counters.get(counter) + ", not " + expected);
    }

    private void report(SoakCounts counts, long earlyKib) throws IOException {
        System.out.print(counts);
        System.out.printf("%,14d  changes of limit, codec and backing file%n", changes);
        System.out.printf("%,14d  pages written to the backing file%n", get(Counter.BD_WRITES));
        System.out.printf("%,14d  pages read from it%n", get(Counter.BD_READS));
        System.out.printf(
                "%,14d  of its calls failed%n",
                soaked.backing().readErrors() + soaked.backing().writeErrors());
        System.out.printf("%,14d  MiB resident after a tenth of the time%n", earlyKib >> 10);
        System.out.printf("%,14d  MiB resident in the end%n", residentKib() >> 10);
    }

    private static long residentKib() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            String line = lines.filter(l -> l.startsWith("VmRSS:")).findFirst().orElseThrow();
            return Long.parseLong(line.replaceAll("\\D", ""));
        }
    }

    private static Set<Thread> liveThreads() {
        Set<Thread> live = new HashSet<>(Thread.getAllStackTraces().keySet());
        live.removeIf(
                thread -> thread.getThreadGroup() != Thread.currentThread().getThreadGroup());
        return live;
    }

    /** Open descriptors that can be the soak's: sockets, memory files, and what lies in its directory. */
    private static List<String> opened(Path directory) throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors
                    .map(Soak::target)
                    .filter(target -> target.startsWith("socket:")
                            || target.contains("memfd:")
                            || target.startsWith(directory.toString()))
                    .toList();
        }
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return ""; // closed meanwhile
        }
    }

    private static void await(String otherwise, BooleanSupplier happened) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!happened.getAsBoolean()) {
            require(System.nanoTime() - end < 0, otherwise);
            LockSupport.parkNanos(5_000_000);
        }
    }

    private static void require(boolean isTrue, String otherwise) {
        if (!isTrue) {
            throw new AssertionError(otherwise);
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
        server.close();
        soaked.close();
    }
}
