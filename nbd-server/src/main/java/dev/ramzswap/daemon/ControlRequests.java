package dev.ramzswap.daemon;

import static dev.ramzswap.control.ControlClient.DRAINING;
import static dev.ramzswap.control.ControlClient.ERROR;
import static dev.ramzswap.control.ControlClient.OK;

import dev.ramzswap.config.Changes;
import dev.ramzswap.config.Config;
import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.ExportConfig;
import dev.ramzswap.config.MemoryCheck;
import dev.ramzswap.store.CodecSpec;
import dev.ramzswap.store.PageStore;
import dev.ramzswap.store.Tunables;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * What the control socket understands: {@code ping}, {@code set NAME key=value ...}, {@code watch-freed NAME BITS},
 * {@code visitors}, {@code visitors NAME}, {@code stop} and {@code stop force}. Replies are {@code ok}, the process ids
 * of the visitors, {@code draining} where the daemon goes on for its clients, or {@code error} and a message for the
 * user.
 */
final class ControlRequests implements UnaryOperator<String> {
    private static final System.Logger LOG = System.getLogger(ControlRequests.class.getName());

    private final Map<String, PageStore> stores;
    private final Map<String, FreedSlotsWatch> watches;
    private final Map<String, Attachment> attached;
    private final MemoryCheck memory;
    private final Ending ending;
    private final Level level;

    /** @param memory of which a limit may take some */
    ControlRequests(
            Map<String, PageStore> stores,
            Map<String, FreedSlotsWatch> watches,
            Map<String, Attachment> attached,
            MemoryCheck memory,
            Ending ending) {
        this(stores, watches, attached, memory, ending, Level.INFO);
    }

    /**
     * @param memory of which a limit may take some
     * @param level of what it logs of changes
     */
    ControlRequests(
            Map<String, PageStore> stores,
            Map<String, FreedSlotsWatch> watches,
            Map<String, Attachment> attached,
            MemoryCheck memory,
            Ending ending,
            Level level) {
        this.level = level;
        this.stores = Map.copyOf(stores);
        this.watches = Map.copyOf(watches);
        this.attached = Map.copyOf(attached);
        this.memory = memory;
        this.ending = ending;
    }

    @Override
    public String apply(String request) {
        List<String> words = List.of(request.strip().split("\\s+"));
        try {
            if (words.equals(List.of("ping"))) {
                return OK;
            }
            if (words.getFirst().equals("set") && words.size() > 2) {
                set(words.get(1), words.subList(2, words.size()));
                return OK;
            }
            if (words.getFirst().equals("watch-freed") && words.size() == 3 && watches.containsKey(words.get(1))) {
                watches.get(words.get(1)).begin(Long.parseLong(words.get(2)));
                return OK;
            }
            if (words.equals(List.of("visitors"))) {
                return visitors(attached.values());
            }
            if (words.getFirst().equals("visitors") && words.size() == 2 && attached.containsKey(words.get(1))) {
                return visitors(List.of(attached.get(words.get(1))));
            }
            if (words.equals(List.of("stop"))) {
                return ending.request() ? DRAINING : OK;
            }
            if (words.equals(List.of("stop", "force"))) {
                ending.force();
                return OK;
            }
            return ERROR
                    + "not a request: ping, set NAME key=value ..., watch-freed NAME BITS, visitors, visitors NAME, stop and stop force are";
        } catch (IOException | ConfigException | IllegalArgumentException e) {
            return ERROR + e.getMessage().replace('\n', ' ');
        }
    }

    private static String visitors(Collection<Attachment> exports) {
        return exports.stream()
                .flatMap(attachment -> attachment.visitors().stream())
                .distinct()
                .map(String::valueOf)
                .collect(Collectors.joining(" "));
    }

    private void set(String name, List<String> pairs) throws ConfigException {
        PageStore store = stores.get(name);
        if (store == null) {
            throw new ConfigException("no export '" + name + "' here");
        }
        Changes changes = Changes.parse(pairs, memory.bytes());
        if (changes.limit().isPresent()) {
            check(changes.limit().getAsLong(), store, name);
        }
        change(store, name, changes);
    }

    /** One that is lowered takes nothing from the others, however much they have. */
    private void check(long limit, PageStore store, String name) throws ConfigException {
        if (limit <= store.limit()) {
            memory.newLimit(limit);
            return;
        }
        memory.higherLimit(limit, bytes(store), most(other -> !other.equals(name)), stores.size());
    }

    private static long bytes(PageStore store) {
        return store.slots() * PageStore.SLOT_BYTES;
    }

    /**
     * Makes limit and codec of each export what a configuration has that was read anew.
     *
     * @throws ConfigException if there is not the memory for a limit; none is changed then
     * @throws IllegalArgumentException if a store refuses its limit, likewise
     */
    void reload(Config fresh) throws ConfigException {
        change(fresh, Tunables::isNewLimit, Tunables::configure);
    }

    /** The same if that was asked for before the stores were opened, see {@link Tunables#catchUp}. */
    void catchUp(Config fresh) throws ConfigException {
        change(fresh, Tunables::isNewLimitToCatchUp, Tunables::catchUp);
    }

    /** Whether a change sets the limit that is configured, or leaves the one that holds. */
    private interface Limit {
        boolean isNew(Tunables store, long configured);
    }

    private interface Change {
        void of(Tunables store, long limit, CodecSpec codec);
    }

    private void change(Config fresh, Limit limit, Change change) throws ConfigException {
        List<ExportConfig> served = fresh.exports().stream()
                .filter(export -> stores.containsKey(export.name()))
                .toList();
        List<ExportConfig> changed = served.stream()
                .filter(export -> limit.isNew(tunables(export), export.limit()))
                .toList();
        check(changed);
        changed.forEach(export -> tunables(export).requireConfigurable(export.limit()));
        for (ExportConfig export : served) {
            PageStore store = stores.get(export.name());
            change.of(store.tunables(), export.limit(), export.codec());
            Changes holds = new Changes(OptionalLong.of(store.limit()), Optional.of(store.codec()));
            LOG.log(level, "export " + export.name() + ": " + holds.summary());
        }
    }

    private Tunables tunables(ExportConfig export) {
        return stores.get(export.name()).tunables();
    }

    /** What only stays as it is has its memory, and leaves the others less. */
    private void check(List<ExportConfig> changed) throws ConfigException {
        if (changed.stream()
                .anyMatch(export -> export.limit() > stores.get(export.name()).limit())) {
            Set<String> names = changed.stream().map(ExportConfig::name).collect(Collectors.toSet());
            memory.newLimits(changed, most(name -> !names.contains(name)), stores.size());
        }
    }

    /** What the stores of some exports may take as it is. */
    private long most(Predicate<String> exports) {
        return stores.entrySet().stream()
                .filter(store -> exports.test(store.getKey()))
                .mapToLong(store -> memory.most(store.getValue().limit(), bytes(store.getValue())))
                .sum();
    }

    /** The limit goes first: it is what the store may refuse. */
    private void change(PageStore store, String name, Changes changes) {
        changes.limit().ifPresent(store::setLimit);
        changes.codec().ifPresent(store::setCodec);
        LOG.log(level, "export " + name + ": " + changes.summary());
    }
}
