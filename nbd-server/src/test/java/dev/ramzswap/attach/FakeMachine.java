package dev.ramzswap.attach;

import dev.ramzswap.config.Config;
import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.Settings;
import dev.ramzswap.daemon.Attachments;
import dev.ramzswap.daemon.Daemon;
import dev.ramzswap.frees.SlotProbe;
import dev.ramzswap.linux.Errno;
import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.KernelEnd;
import dev.ramzswap.linux.NativeSocket;
import dev.ramzswap.nbd.client.ClientHandshake.Terms;
import dev.ramzswap.status.ExportStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A machine with 16 GiB that is all well, as a tree of files, and programs that do to the tree what the real ones do to
 * the kernel. Daemons are real, and run in the test's own process.
 */
final class FakeMachine implements Tools, NbdDriver, DeviceNode.Source, SlotProbe {
    private static final String HEAD = "Filename\t\tType\t\tSize\t\tUsed\t\tPriority\n";
    private static final String SIZE_KIB = "1024";

    private final Path root;
    private final Path run;

    /** Every program that was run, and every call to the driver, a line each. */
    final List<String> ran = Collections.synchronizedList(new ArrayList<>());
    /** What these say when they fail. */
    final Map<String, String> failures = new ConcurrentHashMap<>();
    /** What else these say, one after another. */
    final Map<String, Deque<String>> answers = new ConcurrentHashMap<>();
    /** What happens when a device has been attached. */
    Runnable onConnect = () -> {};

    /** The program that is interrupted after it has done its work, or "slot probe". */
    String interrupted;

    final Set<String> missing = new HashSet<>();

    /** Export, device and slots of what the kernel was to say something of. */
    final List<String> probed = new ArrayList<>();

    /** How often it was. */
    int asked;

    /** By which the kernel says what it frees; null if it does not. */
    String freeingFunction;

    /** What happens while swapoff runs, one step for each look. */
    final List<String> swapsDuringSwapoff = new ArrayList<>();

    /** What is swapped on after each swapoff that fails, if anything changes then. */
    final Deque<String> swapsAfterFailure = new ArrayDeque<>();

    /** What somebody else does after each program that fails. */
    Runnable onFailure = () -> {};

    /** Connections that the kernel would replace. */
    final AtomicInteger dead = new AtomicInteger();

    /** Connections that it has taken. */
    final List<KernelEnd> taken = new CopyOnWriteArrayList<>();

    /** Who keeps devices attached to the daemons that are served here. */
    Attachments kernel = Attachments.NONE;

    /** Of offers, by {@link #rehearse}. */
    final AtomicInteger rehearsals = new AtomicInteger();
    /** What holds a rehearsal up. */
    Runnable beforeRehearsal = () -> {};

    /** How many offers of a connection it takes the kernel to know that. */
    int noticesAfter;

    /** Devices that somebody else has open, and how often the kernel says so. */
    final Map<Integer, Integer> busy = new HashMap<>();

    /** Whether the kernel itself has each device; otherwise, if it is swapped on. */
    Optional<Boolean> inUse = Optional.empty();

    /** What the driver throws that it never should. */
    volatile Error broken;

    /** The next command to the driver is carried out, and fails: the kernel had no memory for its answer. */
    volatile boolean losesAnswer;

    int uid;

    FakeMachine(Path directory) {
        root = directory.resolve("root");
        run = directory.resolve("run");
        file("/proc/sys/kernel/osrelease", "6.12.1-amd64");
        file("/proc/sys/kernel/modules_disabled", "0");
        file("/proc/sys/vm/page-cluster", "0");
        file("/proc/sys/vm/min_free_kbytes", "67584");
        file("/proc/sys/vm/watermark_boost_factor", "0");
        file("/proc/sys/vm/watermark_scale_factor", "10");
        file("/proc/sys/vm/overcommit_memory", "0");
        file("/proc/sys/kernel/shmmax", "18446744073692774399");
        file("/proc/sys/kernel/shmall", "18446744073692774399");
        file("/proc/meminfo", "MemTotal:       16777216 kB\nMemFree: 1 kB\nMemAvailable:    8388608 kB\n");
        file("/proc/swaps", HEAD);
        file("/proc/self/status", "CapEff:\t000001ffffffffff\n");
        file("/proc/self/smaps", "KernelPageSize:        4 kB\nMMUPageSize:           4 kB\n");
        file("/proc/self/limits", "Max locked memory         8388608              8388608              bytes\n");
        file("/sys/module/zswap/parameters/enabled", "N");
        device(0);
        device(1);
    }

    void device(int number) {
        file("/sys/block/nbd" + number + "/size", "0");
    }

    void file(String path, String text) {
        try {
            Path file = root.resolve(path.substring(1));
            Files.createDirectories(file.getParent());
            Files.writeString(file, text + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void remove(String path) {
        try (Stream<Path> below = Files.walk(root.resolve(path.substring(1)))) {
            for (Path file : below.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void swaps(String... lines) {
        file("/proc/swaps", HEAD + String.join("\n", lines));
    }

    /** A process that is protected as a daemon under swap should be. */
    void process(long pid) {
        file("/proc/" + pid + "/oom_score_adj", "-1000");
        file("/proc/" + pid + "/status", "VmLck:  4096 kB\nVmRSS:  4096 kB\nVmSwap:  0 kB\n");
        thread(pid, pid, 0x180000 | 0x40);
    }

    void thread(long pid, long tid, long flags) {
        file("/proc/" + pid + "/task/" + tid + "/stat", tid + " (a) (b c) S 1 1 1 0 -1 " + flags + " 7 8");
    }

    KernelFiles files() {
        return new KernelFiles(root);
    }

    Machine machine() {
        return new Machine(host(uid), files(), this, this, this, this);
    }

    /** The daemon's user is the test's, whoever that is. */
    private Host host(int user) {
        return new Host(16L << 30, user, Map.of("RAMZSWAP_RUNTIME_DIR", run.toString()));
    }

    /** Serves exports, each given as {@code name=a,size=16M}. */
    Daemon serve(String... exports) throws IOException, ConfigException, InterruptedException {
        var settings = new Settings();
        for (String export : exports) {
            settings.export(export);
        }
        Host host = host(Host.current().uid());
        Daemon daemon = Daemon.start(Config.of(settings, host), host, kernel, _ -> {});
        process(ProcessHandle.current().pid());
        return daemon;
    }

    @Override
    public Begun begin(String export, Path device, long slots) throws IOException {
        asked++;
        probed.add(export + " " + device + " " + slots);
        if ("slot probe".equals(interrupted)) {
            Thread.currentThread().interrupt();
        }
        if (freeingFunction == null) {
            throw new IOException("no such function");
        }
        return new Begun(freeingFunction, 1);
    }

    @Override
    public void end(String export) {
        probed.removeIf(probe -> probe.startsWith(export + " "));
    }

    @Override
    public boolean has(String program) {
        return !missing.contains(program);
    }

    @Override
    public Result run(Meanwhile meanwhile, String... command) throws IOException, InterruptedException {
        List<String> words = List.of(command);
        ran.add(String.join(" ", words));
        String wrong = failures.get(String.join(" ", words.subList(0, 2)));
        if (wrong != null) {
            Optional.ofNullable(swapsAfterFailure.poll()).ifPresent(this::swaps);
            onFailure.run();
            return new Result(1, "some talk\n" + wrong + "\n\n");
        }
        switch (words.getFirst()) {
            case "modprobe" -> modprobe(words);
            case "nbd-client" -> nbdClient(words);
            case "swapon" -> swaps(words.getLast() + " partition " + SIZE_KIB + " 0 " + words.get(2));
            case "swapoff" -> swapoff(meanwhile);
            default -> {}
        }
        if (words.getFirst().equals(interrupted)) {
            throw new InterruptedException();
        }
        Deque<String> answer = answers.get(String.join(" ", words.subList(0, 2)));
        return new Result(0, answer == null ? "" : answer.remove());
    }

    private void modprobe(List<String> words) {
        if (words.contains("-r")) {
            remove("/sys/block/nbd0");
        } else {
            device(0);
        }
    }

    private void nbdClient(List<String> words) throws IOException {
        if (words.get(1).equals("-d")) {
            remove("/sys/block/" + words.get(2).substring("/dev/".length()) + "/pid");
        } else {
            String block = "/sys/block/" + words.get(3).substring("/dev/".length());
            file(block + "/pid", "4711");
            ExportStatus export =
                    ExportStatus.find(machine().host(), words.getLast()).orElseThrow();
            file(block + "/size", Long.toString(export.size() / 512));
            process(export.entry().pid());
        }
    }

    @Override
    public void connect(int device, Terms terms, Timeouts timeouts, Backend backend, List<NativeSocket> connections)
            throws IOException {
        record("connect nbd" + device + " " + backend.export() + " " + connections.size() + " "
                + timeouts.request().toSeconds() + " " + timeouts.reconnect().toSeconds());
        if (busy.merge(device, -1, Integer::sum) >= 0) {
            throw new ErrnoException("NBD_CMD_CONNECT", "of /dev/nbd" + device, Errno.EBUSY);
        }
        String block = "/sys/block/nbd" + device;
        file(block + "/pid", "4711");
        file(block + "/backend", backend.toString());
        file(block + "/size", Long.toString(terms.size() / 512));
        processOf(backend.export());
        onConnect.run();
        loseAnswer(connections);
    }

    private void loseAnswer(List<NativeSocket> connections) throws IOException {
        if (losesAnswer) {
            losesAnswer = false;
            for (NativeSocket connection : connections) {
                taken.add(new KernelEnd(connection));
            }
            throw new IOException("generic netlink: No buffer space available, ENOBUFS (105)");
        }
    }

    private void processOf(String export) throws IOException {
        process(ExportStatus.find(machine().host(), export)
                .orElseThrow()
                .entry()
                .pid());
    }

    @Override
    public boolean reconnect(int device, Backend backend, NativeSocket connection) throws IOException {
        record("reconnect nbd" + device + " " + backend);
        breakDown();
        loseAnswer(List.of(connection));
        boolean isTaken = noticesAfter-- <= 0 && dead.getAndDecrement() > 0;
        if (isTaken) {
            taken.add(new KernelEnd(connection));
        }
        return isTaken;
    }

    /** A device that somebody has attached before, whose connections are dead. */
    void left(int device, Backend backend, long bytes) {
        file("/sys/block/nbd" + device + "/pid", "4711");
        file("/sys/block/nbd" + device + "/backend", backend.toString());
        file("/sys/block/nbd" + device + "/size", Long.toString(bytes / 512));
    }

    long offers() {
        return ran.stream().filter(call -> call.startsWith("reconnect")).count();
    }

    @Override
    public void rehearse(Backend backend, NativeSocket socket) {
        breakDown();
        beforeRehearsal.run();
        rehearsals.incrementAndGet();
    }

    private void breakDown() {
        if (broken != null) {
            throw broken;
        }
    }

    @Override
    public void disconnect(int device) throws IOException {
        record("disconnect nbd" + device);
        remove("/sys/block/nbd" + device + "/pid");
        remove("/sys/block/nbd" + device + "/backend");
    }

    @Override
    public DeviceNode of(NbdDevice device) {
        return new DeviceNode() {
            @Override
            public String path() {
                return device.path();
            }

            @Override
            public boolean isInUse() throws IOException {
                return inUse.isPresent()
                        ? inUse.get()
                        : SwapArea.at(files(), device.path()).isPresent();
            }

            @Override
            public void close() {}
        };
    }

    private void record(String call) throws IOException {
        ran.add(call);
        String wrong = failures.get(call.substring(0, call.indexOf(' ')));
        if (wrong != null) {
            throw new IOException(wrong);
        }
    }

    private void swapoff(Meanwhile meanwhile) throws IOException {
        for (String step : swapsDuringSwapoff) {
            swaps(step);
            meanwhile.run();
        }
        swaps();
    }
}
