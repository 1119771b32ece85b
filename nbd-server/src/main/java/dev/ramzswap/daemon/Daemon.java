package dev.ramzswap.daemon;

import dev.ramzswap.config.Cause;
import dev.ramzswap.config.Config;
import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.ExportConfig;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.Size;
import dev.ramzswap.config.TlsConfig;
import dev.ramzswap.config.TlsFiles;
import dev.ramzswap.control.ControlSocket;
import dev.ramzswap.guard.FullWatch;
import dev.ramzswap.guard.ProcessGuard;
import dev.ramzswap.linux.PassedSocket;
import dev.ramzswap.linux.Self;
import dev.ramzswap.nbd.ClientListener;
import dev.ramzswap.nbd.Endpoint;
import dev.ramzswap.nbd.Limits;
import dev.ramzswap.nbd.NbdServer;
import dev.ramzswap.nbd.export.Export;
import dev.ramzswap.status.ExportEntry;
import dev.ramzswap.status.RuntimeDir;
import dev.ramzswap.store.Counters.Counter;
import dev.ramzswap.store.PageStore;
import dev.ramzswap.store.StoreConfig;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * The running whole: names are claimed, stores opened, clients let in, and word of it is left in the runtime directory,
 * in this order; {@link #close} undoes it in the reverse order. In between, {@link #run} waits for the end, see
 * {@link Ending}.
 */
public final class Daemon implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Daemon.class.getName());

    /**
     * The payload that a connection that the kernel swaps on may have waiting for slow storage: it has it from its
     * start, and asks for no more when memory is short. READs behind it wait only when all of it is full.
     */
    private static final long PREPARED_BYTES = 4 << 20;

    private static final Duration GRACE = Duration.ofSeconds(10);

    private final Config config;
    private final Host host;
    private final RuntimeDir dir;
    private final List<ExportEntry> claimed = new ArrayList<>();
    private final Map<String, PageStore> stores = new LinkedHashMap<>();
    private final Ending ending;
    private final Attachments attachments;
    private final Consumer<Runnable> termination;
    private final ClientListener clients = new Clients();
    private ServiceManager service;
    private NbdServer server;
    private ControlSocket control;
    private ControlRequests requests;
    private FullWatch fullWatch;

    /** Whether a client may come back for what is stored: one was lost, or another daemon had them. */
    private volatile boolean isAwaitingClients;

    private Daemon(Config config, Host host, Attachments attachments, Consumer<Runnable> termination) {
        this.config = config;
        this.host = host;
        this.dir = RuntimeDir.own(host);
        this.ending = new Ending(config.protection().isSwap());
        this.attachments = attachments;
        this.termination = termination;
    }

    private final class Clients implements ClientListener {
        @Override
        public void clients(int count) {
            ending.clients(count);
        }

        @Override
        public void left(String export) {
            isAwaitingClients = false;
        }

        @Override
        public void lost(String export) {
            isAwaitingClients = true;
            attachments.lost(export);
        }
    }

    /**
     * Starts to serve; clients are let in when this returns. A daemon that stands by waits for its turn.
     *
     * @param termination is given, before the first client is let in, what makes {@link #run} end
     * @throws ConfigException if an export cannot be as it is described
     * @throws IOException if something that it needs is not there or is taken
     */
    public static Daemon start(Config config, Host host, Attachments attachments, Consumer<Runnable> termination)
            throws IOException, ConfigException, InterruptedException {
        Daemon daemon = new Daemon(config, host, attachments, termination);
        try {
            daemon.open();
        } catch (IOException | ConfigException | InterruptedException | RuntimeException e) {
            daemon.close();
            throw e;
        }
        return daemon;
    }

    private void open() throws IOException, ConfigException, InterruptedException {
        service = ServiceManager.of(host.variables());
        ProcessGuard.keepOutOfCoreDumps();
        Optional<TlsFiles> tls = TlsFiles.load(config);
        dir.prepare(host);
        if (config.protection().isSwap()) {
            new WarmUp(dir.path(), host, encrypts()).run();
            watchForFullness();
            ProcessGuard.lock(config.protection());
        }
        if (config.isStandby()) {
            standBy();
        } else {
            claimNames();
            openStores();
        }
        if (config.protection().isSwap()) {
            ProcessGuard.lockNewMemoryWhole(config.protection());
        }
        termination.accept(ending::request);
        serve(tls);
        if (config.socket().isPresent()) {
            attachments.serving(identities(), config.socket().get());
        }
        announce();
    }

    private boolean encrypts() {
        return config.exports().stream()
                .flatMap(export -> export.backing().stream())
                .anyMatch(StoreConfig.Backing::encrypt);
    }

    private void standBy() throws IOException, ConfigException {
        try (Standby place =
                Standby.await(config, () -> sayThatItWaits("another daemon stands by: waiting for its place"))) {
            place.awaitTurn(config, () -> {
                config.socket().ifPresent(attachments::prepare);
                sayThatItWaits("standing by for another daemon");
            });
            openStores();
        }
    }

    private void sayThatItWaits(String how) {
        service.ready(how);
        LOG.log(Level.INFO, how);
    }

    /** Leaves word of what is served; in a daemon that took over not before, since this may wait for memory. */
    private void announce() throws IOException {
        if (claimed.isEmpty()) {
            claimNames();
        }
        requests = new ControlRequests(stores, host.memory(), ending);
        control = new ControlSocket(dir.control(pid()), requests);
        claimed.replaceAll(
                entry -> entry.serving(stores.get(entry.name()).counters().path()));
        publish();
        service.ready(config.exports().stream().map(ExportConfig::summary).collect(Collectors.joining("; ")));
    }

    private void watchForFullness() {
        try {
            fullWatch = new FullWatch(
                    this::refusedStores, Path.of("/proc/meminfo"), Path.of("/proc/sysrq-trigger"), FullWatch.INTERVAL);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "if memory and swap get full, nobody calls the OOM killer: " + e);
        }
    }

    private long refusedStores() {
        long sum = 0;
        for (PageStore store : stores.values()) {
            sum += store.counters().get(Counter.REFUSED_STORES);
        }
        return sum;
    }

    private void publish() throws IOException {
        for (ExportEntry entry : claimed) {
            dir.publish(entry);
        }
    }

    private void claimNames() throws IOException {
        var entries = new ArrayList<ExportEntry>();
        for (ExportConfig export : config.exports()) {
            entries.add(new ExportEntry(
                    export.name(),
                    pid(),
                    ExportEntry.startOf(pid()),
                    dir.control(pid()),
                    "",
                    config.socket().map(Path::toString).orElse(""),
                    config.listenText().orElse(""),
                    ExportEntry.STARTING));
        }
        dir.claim(entries);
        claimed.addAll(entries);
    }

    private void openStores() throws IOException, ConfigException {
        for (ExportConfig export : config.exports()) {
            if (export.limit() == StoreConfig.NO_LIMIT && export.size() > host.memory()) {
                LOG.log(
                        Level.WARNING,
                        "export " + export.name() + " has no limit, and may need more than the "
                                + Size.format(host.memory()) + " of memory here");
            }
            try {
                PageStore store = PageStore.open(export.store(config));
                stores.put(export.name(), store);
                isAwaitingClients |= store.isTakenOver();
            } catch (IllegalArgumentException e) {
                throw new ConfigException(
                        "--size " + Size.format(export.size()) + " of export " + export.name() + ": " + e.getMessage());
            } catch (IOException e) {
                throw new IOException(flagOf(e, export) + export.name() + ": " + Cause.of(e), e);
            }
        }
    }

    /** Which flag gave the path that the store's message names. */
    private String flagOf(IOException e, ExportConfig export) {
        if (names(e, export.backing().map(StoreConfig.Backing::path))) {
            return "--backing-file of export ";
        }
        return names(e, config.stateDir()) ? "--state-dir of export " : "export ";
    }

    private static boolean names(IOException e, Optional<Path> path) {
        return path.isPresent()
                && String.valueOf(e.getMessage()).contains(path.get().toString());
    }

    private void serve(Optional<TlsFiles> tls) throws IOException {
        List<Export> exports = new ArrayList<>();
        for (ExportConfig export : config.exports()) {
            exports.add(new SwapExport(export.name(), export.readOnly(), export.allowed(), stores.get(export.name())));
        }
        List<Endpoint> endpoints = new ArrayList<>();
        if (config.socket().isPresent()) {
            makeParent(config.socket().get());
            endpoints.add(new Endpoint(
                    UnixDomainSocketAddress.of(config.socket().get()),
                    tls.map(TlsFiles::onSocket).orElse(null)));
        }
        if (config.listen().isPresent()) {
            endpoints.add(
                    new Endpoint(config.listen().get(), tls.map(TlsFiles::onTcp).orElse(null)));
        }
        Limits limits =
                config.protection().isSwap() ? Limits.DEFAULT.withPreparedMemory(PREPARED_BYTES) : Limits.DEFAULT;
        server = new NbdServer(exports, endpoints, limits, clients);
        if (config.isSocketPassed()) {
            adopt(PassedSocket.take(), tls);
        }
        try {
            server.start();
        } catch (IOException e) {
            String flag = names(e, config.socket()) ? "--socket: " : "--listen: ";
            throw new IOException(flag + Cause.of(e) + ": give another, or stop who has it", e);
        }
        warnOfOthers();
    }

    private void warnOfOthers() {
        if (config.listen()
                        .filter(address -> !address.getAddress().isLoopbackAddress())
                        .isPresent()
                && !config.tls().filter(TlsConfig::provesTcpClients).isPresent()) {
            LOG.log(
                    Level.WARNING,
                    "others can reach " + config.listenText().orElseThrow()
                            + ", and are served whoever they are (--insecure)");
        }
    }

    /** Its clients are let in as by an address of our own of the same kind. */
    private void adopt(PassedSocket passed, Optional<TlsFiles> tls) throws IOException {
        if (passed.channel().getLocalAddress() instanceof InetSocketAddress inet) {
            checkReach(inet);
            server.adopt(passed, tls.map(TlsFiles::onTcp).orElse(null));
        } else {
            server.adopt(passed, tls.map(TlsFiles::onSocket).orElse(null));
        }
    }

    private void checkReach(InetSocketAddress passed) throws IOException {
        boolean isProven = config.tls().filter(TlsConfig::provesTcpClients).isPresent();
        if (!passed.getAddress().isLoopbackAddress() && !isProven) {
            throw new IOException("LISTEN_FDS: other machines can reach " + passed
                    + ": add --tls-cert, --tls-key and --tls-ca, or pass a socket on a loopback address");
        }
    }

    private void makeParent(Path socket) throws IOException {
        Path parent = socket.getParent();
        if (!Files.exists(parent)) {
            String mode = host.isRoot() ? "rwxr-xr-x" : "rwx------";
            Files.createDirectories(
                    parent, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode)));
        }
    }

    /** The identity of each export's store, see {@link dev.ramzswap.store.Counters.Snapshot}. */
    public Map<String, Long> identities() {
        return stores.entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, store -> store.getValue().counters().identity()));
    }

    /**
     * Makes limit and codec of each export what a configuration has that was read anew. What else it has is left out.
     *
     * @throws IllegalArgumentException with a message for the user, if a limit cannot be
     */
    public void reload(Config fresh) {
        requests.reload(fresh);
    }

    /** Serves until it may end, then closes. */
    public void run() throws InterruptedException, IOException {
        ending.awaitRequest();
        if (config.isStandby() && ending.isDraining() && Standby.isTaken(config)) {
            leaveToOther();
        }
        if (ending.isDraining()) {
            drain();
        }
        ending.await();
        close();
    }

    /**
     * Ends as if killed, which leaves nothing undone: the daemon that stands by has the state at once, and the kernel
     * sends it what was not answered. To end in order would take time, and tell the kernel of errors.
     */
    private void leaveToOther() {
        LOG.log(Level.INFO, "told to end: another daemon stands by, and takes over");
        service.close();
        Self.exit(0);
    }

    private void drain() {
        server.stopAccepting();
        LOG.log(
                Level.WARNING,
                "told to end, but clients may swap here (" + ending.clients() + " connections): draining, that is,"
                        + " serving until they are gone; only stop --force ends it now");
        service.status("told to end, and serving until the last client is gone");
        claimed.replaceAll(ExportEntry::draining);
        try {
            publish();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the status does not show that this drains: " + e);
        }
    }

    /** Answers what is in flight, refuses the rest, and gives everything back. */
    @Override
    public void close() {
        boolean isDisposable = config.protection().isSwap() && ending.clients() == 0 && !isAwaitingClients;
        if (service != null) {
            service.close();
        }
        if (server != null) {
            server.shutdown(ending.isForced() ? Duration.ZERO : GRACE);
        }
        if (control != null) {
            control.close();
        }
        if (fullWatch != null) {
            fullWatch.close();
        }
        claimed.forEach(entry -> dir.release(entry.name()));
        stores.values().forEach(isDisposable ? Daemon::discard : PageStore::close);
    }

    /** What was swapped is of no more use when it was swapped off, and takes memory. */
    private static void discard(PageStore store) {
        try {
            store.discard();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the state stays: " + e);
        }
    }

    private static long pid() {
        return ProcessHandle.current().pid();
    }
}
