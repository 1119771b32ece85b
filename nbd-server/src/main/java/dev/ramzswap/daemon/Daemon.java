package dev.ramzswap.daemon;

import dev.ramzswap.config.Cause;
import dev.ramzswap.config.Config;
import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.ExportConfig;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.MemoryCheck;
import dev.ramzswap.config.TlsFiles;
import dev.ramzswap.guard.FullWatch;
import dev.ramzswap.guard.ProcessGuard;
import dev.ramzswap.linux.Self;
import dev.ramzswap.nbd.ConnectionMemory;
import dev.ramzswap.nbd.NbdServer;
import dev.ramzswap.nbd.export.Export;
import dev.ramzswap.status.RuntimeDir;
import dev.ramzswap.store.PageStore;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The running whole: names are claimed, stores opened, clients let in, and word of it is left in the runtime directory,
 * in this order; {@link #close} undoes it in the reverse order. Where an earlier daemon has left pages, names are
 * claimed last: nobody is to lose his pages for want of one. In between, {@link #run} waits for the end, see
 * {@link Ending}.
 */
public final class Daemon implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Daemon.class.getName());

    private static final Duration GRACE = Duration.ofSeconds(10);

    private final Config config;
    private final Host host;
    private final RuntimeDir dir;
    private final Announcement announcement;
    private final Stores stores;
    private final Ending ending;
    private final Attachments kernel;
    private final Consumer<Runnable> termination;
    private final ConnectionMemory memory;
    private final Retries retries = new Retries();
    private ServiceManager service;
    private Departure departure;
    /** By export; all of them at once, since a signal may come before. */
    private volatile Map<String, Attachment> attached = Map.of();

    private NbdServer server;
    private Drain drain;
    private ControlRequests requests;
    private FullWatch fullWatch;

    private Daemon(Config config, Host host, Attachments kernel, Consumer<Runnable> termination) {
        this.config = config;
        this.host = host;
        this.dir = RuntimeDir.own(host);
        this.announcement = new Announcement(config, host);
        this.ending = new Ending(() -> isAny(Attachment::isAttached));
        this.kernel = kernel;
        this.stores = new Stores(config, host, kernel, ending::isRequested);
        this.termination = termination;
        this.memory =
                new ConnectionMemory(Endpoints.limits(config), config.exports().size());
    }

    private boolean isAny(Predicate<Attachment> how) {
        return config.protection().isSwap() && attached.values().stream().anyMatch(how);
    }

    /**
     * Starts to serve; clients are let in when this returns. A daemon that stands by waits for its turn.
     *
     * @param termination is given, before the first client is let in, what makes {@link #run} end
     * @throws ConfigException if an export cannot be as it is described
     * @throws IOException if something that it needs is not there or is taken, or it is told to end before
     */
    public static Daemon start(Config config, Host host, Attachments kernel, Consumer<Runnable> termination)
            throws IOException, ConfigException, InterruptedException {
        Daemon daemon = new Daemon(config, host, kernel, termination);
        try {
            daemon.open();
        } catch (Throwable e) { // An Error, too: that no thread is to be had is one.
            daemon.leaveWhatWasTakenOver(e);
            daemon.abandonWhatNobodyHasUsed(e);
            daemon.close();
            throw e;
        }
        return daemon;
    }

    /**
     * Whoever had these pages may be connected by now: as with any {@link Departure}, to tell him of errors would cost
     * him his pages, which the next daemon has.
     */
    private void leaveWhatWasTakenOver(Throwable failure) {
        if (server != null && stores.areTakenOver()) {
            departure.fail("ends, and leaves what it has taken over to the next daemon: " + failure);
        }
    }

    /** The disk, and the state directory, are no fuller than before the start. */
    private void abandonWhatNobodyHasUsed(Throwable failure) {
        if (server == null) {
            stopWatching();
            stores.abandon(failure);
        }
    }

    private void open() throws IOException, ConfigException, InterruptedException {
        service = ServiceManager.of(host.variables());
        departure = new Departure(service);
        ProcessGuard.keepOutOfCoreDumps();
        Self.spareOwner();
        Optional<TlsFiles> tls = TlsFiles.load(config);
        Optional<Path> runtimeDir = runtimeDir();
        if (config.protection().isSwap()) {
            new Rehearsal(config, host, kernel, stores, runtimeDir).run();
            watchForFullness();
            ProcessGuard.lock(config.protection());
        }
        if (config.isStandby()) {
            standBy();
        } else {
            claimIfNew();
            termination.accept(ending::request);
            openStores();
        }
        if (config.protection().isSwap()) {
            ProcessGuard.lockNewMemoryWhole(config.protection());
        }
        Endpoints endpoints = new Endpoints(config, host, tls, stores.areTakenOver());
        server = endpoints.serve(exports(), memory, new Clients(attached, kernel, ending));
        drain = new Drain(ending, this::isLeftToAnother, departure, server, service, announcement);
        if (config.socket().isPresent()) {
            kernel.serving(List.copyOf(attached.values()), config.socket().get());
        }
        endpoints.serveElsewhere(server, retries);
        announce();
        service.ready(served().exports().stream().map(ExportConfig::summary).collect(Collectors.joining("; ")));
    }

    /** If it can be used. Pages wait for no word in it; a socket needs one that is our own. */
    private Optional<Path> runtimeDir() throws IOException {
        try {
            dir.prepare(host);
            return Optional.of(dir.path());
        } catch (IOException e) {
            Path path = dir.path().normalize();
            boolean isNeeded =
                    config.socket().filter(socket -> socket.startsWith(path)).isPresent();
            if (isNeeded || !stores.hasState()) {
                throw e;
            }
            LOG.log(Level.WARNING, Cause.of(e) + "; this goes on all the same, for the pages that are there");
            return Optional.empty();
        }
    }

    private void standBy() throws IOException, ConfigException, InterruptedException {
        try (Standby standby = new Standby(config)) {
            termination.accept(() -> endUnlessNeeded(standby));
            standby.awaitPlace(() -> sayThatItWaits("another daemon stands by: waiting for its place"));
            boolean isNeeded;
            try (var _ = ComingConnections.await(memory, config, kernel)) {
                isNeeded = standby.awaitTurn(() -> {
                    String export = config.exports().getFirst().name();
                    config.socket().ifPresent(socket -> kernel.prepare(attachment(export, 0, false), socket));
                    sayThatItWaits("standing by for another daemon");
                });
            }
            if (!isNeeded) {
                departure.leave("told to end, and so was the daemon that served, which nobody needs any more");
            }
            claimIfNew();
            openStores();
            termination.accept(ending::request);
        }
    }

    /** Before the socket, which whoever has the name is likely to have, too. Pages wait for no name. */
    private void claimIfNew() throws IOException {
        if (!stores.hasState()) {
            announcement.claim();
        }
    }

    private void endUnlessNeeded(Standby standby) {
        if (standby.withdraw()) {
            departure.leave("told to end");
        }
        LOG.log(Level.INFO, "told to end while it begins to serve: goes on if there are pages of an earlier daemon");
        ending.request();
    }

    private Attachment attachment(String export, long identity, boolean isTakenOver) {
        return new Attachment(
                export, identity, isTakenOver, kernel, ProcessHandle.current().pid(), System::nanoTime);
    }

    private void sayThatItWaits(String how) {
        service.ready(how);
        LOG.log(Level.INFO, how);
    }

    /** In a daemon that took over not before it serves, since this may wait for memory. */
    private void announce() throws IOException, InterruptedException {
        requests = new ControlRequests(
                stores.all(),
                stores.watches(),
                attached,
                new MemoryCheck(host, config.protection().isSwap()),
                ending);
        if (stores.areTakenOver()) {
            announcement.servingSoon(stores.all(), requests, retries);
        } else {
            announcement.serving(stores.all(), requests);
        }
    }

    private void openStores() throws IOException, ConfigException {
        stores.open(service::goesOn);
        Standby.unmark(served());
        Map<String, Attachment> all = new LinkedHashMap<>();
        stores.all()
                .forEach((name, store) ->
                        all.put(name, attachment(name, store.counters().identity(), store.isTakenOver())));
        attached = all;
    }

    private void watchForFullness() {
        Set<String> names = config.names();
        try {
            fullWatch = FullWatch.ofMachine(
                    stores::refusedStores, device -> kernel.isOf(device, names) || isClients(device));
        } catch (IOException e) {
            LOG.log(Level.WARNING, "if memory and swap get full, nobody calls the OOM killer: " + e.getMessage());
        }
    }

    /**
     * Whether a client has attached it, with a connection that is here: of nbd-client's devices the kernel says no
     * more.
     */
    private boolean isClients(int device) {
        OptionalInt attacher = kernel.attacher(device);
        return attacher.isPresent()
                && attached.values().stream().anyMatch(export -> export.isConnected(attacher.getAsInt()));
    }

    /** The configuration without the exports that a takeover does without. */
    public Config served() {
        return config.only(stores.all().keySet());
    }

    private List<Export> exports() {
        List<Export> exports = new ArrayList<>();
        for (ExportConfig export : served().exports()) {
            PageStore store = stores.all().get(export.name());
            exports.add(new SwapExport(export.name(), export.readOnly(), export.allowed(), store));
        }
        return exports;
    }

    /** The identity of each export's store, see {@link dev.ramzswap.store.Counters.Snapshot}. */
    public Map<String, Long> identities() {
        return attached.values().stream().collect(Collectors.toMap(Attachment::export, Attachment::identity));
    }

    /**
     * Makes limit and codec of each export what a configuration has that was read anew. What else it has is left out.
     *
     * @throws ConfigException if there is not the memory for a limit
     * @throws IllegalArgumentException with a message for the user, if a store refuses its limit
     */
    public void reload(Config fresh) throws ConfigException {
        requests.reload(fresh);
    }

    /**
     * The same if that was asked for before this served: where the daemon before has read it, too, what was set since
     * then stays.
     *
     * @throws ConfigException as above
     * @throws IllegalArgumentException as above
     */
    public void catchUp(Config fresh) throws ConfigException {
        requests.catchUp(fresh);
    }

    /** Serves until it may end, then closes. */
    public void run() throws InterruptedException {
        while (!ending.awaitRequest(Retries.LONGEST_PAUSE)) {
            retries.beginWaiting();
        }
        drain.run();
        Standby.unmark(served());
        close();
    }

    private boolean isLeftToAnother() {
        return isAny(Attachment::isNeeded) && Standby.mayLeave(served());
    }

    /**
     * Answers what is in flight, refuses the rest, and gives everything back; also the pages, if nobody needs them.
     * Interrupted, it keeps the pages.
     */
    @Override
    public void close() {
        if (service != null) {
            service.close();
        }
        kernel.close();
        retries.close();
        List<PageStore> free = stores.all().entrySet().stream()
                .filter(store -> isFree(attached.get(store.getKey())))
                .map(Map.Entry::getValue)
                .toList();
        if (server != null) {
            server.shutdown(ending.isForced() ? Duration.ZERO : GRACE);
        }
        memory.close();
        announcement.close();
        stopWatching();
        stores.close(free);
    }

    private void stopWatching() {
        if (fullWatch != null) {
            fullWatch.close();
            fullWatch = null;
        }
    }

    private boolean isFree(Attachment attachment) {
        try {
            return config.protection().isSwap() && attachment != null && attachment.awaitFree();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
