package dev.ramzswap.daemon;

import dev.ramzswap.config.Cause;
import dev.ramzswap.config.Config;
import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.ExportConfig;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.Size;
import dev.ramzswap.linux.Progress;
import dev.ramzswap.store.Counters.Counter;
import dev.ramzswap.store.PageStore;
import dev.ramzswap.store.StoreConfig;
import dev.ramzswap.store.StoreState;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** The stores of a daemon's exports, by the names of these. */
final class Stores {
    private static final System.Logger LOG = System.getLogger(Stores.class.getName());

    private final Config config;
    private final Host host;
    private final Attachments kernel;
    private final BooleanSupplier isToldToEnd;

    /** Never changed, but replaced: who watches for a full machine looks at them while they are opened. */
    private volatile Map<String, PageStore> open = Map.of();

    /** By the names of the stores. */
    private final Map<String, FreedSlotsWatch> watches = new HashMap<>();

    /**
     * @param kernel may have devices that belong to them
     * @param isToldToEnd whether nobody needs the rest of what takes long, which is done when there are no pages yet
     */
    Stores(Config config, Host host, Attachments kernel, BooleanSupplier isToldToEnd) {
        this.config = config;
        this.host = host;
        this.kernel = kernel;
        this.isToldToEnd = isToldToEnd;
    }

    /** Whether an earlier daemon has left pages of any of them. */
    boolean hasState() throws IOException {
        return !unopened(StoreState::isThere).isEmpty();
    }

    private interface Look {
        boolean at(StoreConfig state) throws IOException;
    }

    private List<ExportConfig> unopened(Look look) throws IOException {
        List<ExportConfig> found = new ArrayList<>();
        for (ExportConfig export : config.exports()) {
            if (!open.containsKey(export.name()) && is(look, export)) {
                found.add(export);
            }
        }
        return found;
    }

    private boolean is(Look look, ExportConfig export) throws IOException {
        try {
            return look.at(export.store(config));
        } catch (IOException e) {
            throw named(e, export);
        }
    }

    /**
     * Opens all of them, those first that have pages. Once there are pages, any other that cannot be opened is done
     * without: who is attached to the ones is not to lose his pages for its sake. Those that are open when this fails
     * stay so.
     *
     * @param waiting is told how far what takes long has come
     * @throws InterruptedIOException if it is told to end meanwhile, and nobody has pages here
     * @throws ConfigException if an export cannot be as it is described
     * @throws IOException with a message that names the export, and the flag if the cause is a path
     */
    void open(Consumer<String> waiting) throws IOException, ConfigException {
        tryOpen(unopened(StoreState::isThere), waiting);
        for (ExportConfig export : others()) {
            openLater(export, waiting);
        }
    }

    /** Those that are not open yet, and of these first those that have pages. */
    private List<ExportConfig> others() throws IOException {
        List<ExportConfig> others = unopened(StoreState::isThere);
        List<ExportConfig> fresh = unopened(_ -> true);
        fresh.removeAll(others);
        others.addAll(fresh);
        return others;
    }

    /** One that cannot be, since another daemon serves it, or it has another size, is no reason not to look at more. */
    private void tryOpen(List<ExportConfig> exports, Consumer<String> waiting) {
        for (ExportConfig export : exports) {
            try {
                open(export, StoreState::takeOver, waiting);
            } catch (IOException | ConfigException e) {
                LOG.log(Level.DEBUG, "is tried again when the others are open", e);
            }
        }
    }

    private void openLater(ExportConfig export, Consumer<String> waiting) throws IOException, ConfigException {
        if (is(StoreState::isThere, export)) {
            openIfPossible(export, StoreState::takeOver, waiting);
        } else if (config.protection().isSwap() && areTakenOver() && areAwaited()) {
            leaveOut(export, "it is new: swap off and start again to have it, or give it a daemon of its own");
        } else {
            openIfPossible(export, PageStore::open, waiting);
        }
    }

    /** Whether somebody may wait for what is open: nobody does for what a daemon left that was killed as it began. */
    private boolean areAwaited() {
        return hasDevice()
                || open.values().stream().anyMatch(store -> store.counters().get(Counter.ORIG_DATA_SIZE) > 0);
    }

    private boolean hasDevice() {
        try {
            return kernel.connections(config.names()) > 0;
        } catch (IOException e) {
            return true;
        }
    }

    private void openIfPossible(ExportConfig export, Opening opening, Consumer<String> waiting)
            throws IOException, ConfigException {
        try {
            open(export, opening, waiting);
        } catch (IOException | ConfigException e) {
            if (!areTakenOver()) {
                throw e;
            }
            leaveOut(export, e.getMessage());
        }
    }

    private static void leaveOut(ExportConfig export, String why) {
        LOG.log(
                Level.ERROR,
                "export " + export.name() + " is left out, and those served whose pages are taken over: " + why);
    }

    private Optional<String> whyToEnd() {
        return isToldToEnd.getAsBoolean() ? Optional.of("told to end") : Optional.empty();
    }

    private interface Opening {
        PageStore open(StoreConfig store, OptionalLong timesConfigured) throws IOException;
    }

    private void open(ExportConfig export, Opening opening, Consumer<String> waiting)
            throws IOException, ConfigException {
        if (Math.min(export.limit(), export.size()) > host.memory()) {
            LOG.log(
                    Level.WARNING,
                    "export " + export.name() + " may need more than the " + host.memoryText()
                            + ": give it a lower limit, and a backing file for the rest");
        }
        try {
            PageStore store = ScopedValue.where(Progress.LISTENER, waiting)
                    .where(Progress.STOPPED, this::whyToEnd)
                    .call(() -> opening.open(export.store(config), config.timesConfigured(export.name())));
            add(export.name(), store);
            warnOfPlace(export);
        } catch (IllegalArgumentException e) {
            throw new ConfigException(
                    "--size " + Size.format(export.size()) + " of export " + export.name() + ": " + e.getMessage());
        } catch (InterruptedIOException e) {
            throw e; // No failure, and so of no export.
        } catch (IOException e) {
            throw named(e, export);
        }
    }

    private void add(String name, PageStore store) {
        Map<String, PageStore> all = new LinkedHashMap<>(open);
        all.put(name, store);
        open = Collections.unmodifiableMap(all);
        FreedSlotsWatch watch = new FreedSlotsWatch(name, store);
        watches.put(name, watch);
        watch.takeOver();
    }

    /** Not in a daemon that takes over: the one before it has said so, and there is a kernel that waits. */
    private void warnOfPlace(ExportConfig export) {
        if (export.backing().isEmpty() || open.get(export.name()).isTakenOver()) {
            return;
        }
        try {
            for (String concern : export.backing().get().concerns()) {
                LOG.log(Level.WARNING, "export " + export.name() + ": " + concern);
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "export " + export.name() + ": what its backing file lies on is not known: " + e);
        }
    }

    private IOException named(IOException e, ExportConfig export) {
        return new IOException(flagOf(e, export) + export.name() + ": " + Cause.of(e), e);
    }

    /** Which flag gave the path that the store's message names. */
    private String flagOf(IOException e, ExportConfig export) {
        if (names(e, export.backing().map(StoreConfig.Backing::path))) {
            return "--backing-file of export ";
        }
        return names(e, config.stateDir()) ? "--state-dir of export " : "export ";
    }

    /** Whether a message is about a path. */
    static boolean names(IOException e, Optional<Path> path) {
        return path.isPresent()
                && String.valueOf(e.getMessage()).contains(path.get().toString());
    }

    /** Those that are open by now. */
    Map<String, PageStore> all() {
        return open;
    }

    /** Those of all that are open. */
    Map<String, FreedSlotsWatch> watches() {
        return watches;
    }

    /** Whether any of them holds pages that an earlier daemon left. */
    boolean areTakenOver() {
        return open.values().stream().anyMatch(PageStore::isTakenOver);
    }

    long refusedStores() {
        long sum = 0;
        for (PageStore store : open.values()) {
            sum += store.counters().get(Counter.REFUSED_STORES);
        }
        return sum;
    }

    /** Gives them back before anybody was let in, as if those that have begun had not. */
    void abandon(Throwable failure) {
        open.values().forEach(store -> store.abandon(failure));
        watches.values().forEach(FreedSlotsWatch::close);
        open = Map.of();
    }

    /** Gives them back. @param free whose pages are of no more use, as they were swapped off, and take memory */
    void close(List<PageStore> free) {
        for (PageStore store : open.values()) {
            if (free.contains(store)) {
                discard(store);
            } else {
                store.close();
            }
        }
        watches.values().forEach(FreedSlotsWatch::close);
    }

    private static void discard(PageStore store) {
        try {
            store.discard();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the state stays: " + e);
        }
    }
}
