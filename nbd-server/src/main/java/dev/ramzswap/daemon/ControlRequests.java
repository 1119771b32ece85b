package dev.ramzswap.daemon;

import static dev.ramzswap.control.ControlClient.DRAINING;
import static dev.ramzswap.control.ControlClient.ERROR;
import static dev.ramzswap.control.ControlClient.OK;

import dev.ramzswap.config.Changes;
import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.MemoryCheck;
import dev.ramzswap.store.PageStore;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * What the control socket understands: {@code ping}, {@code set NAME key=value ...}, {@code stop} and {@code stop
 * force}. Replies are {@code ok}, {@code draining} where the daemon goes on for its clients, or {@code error} and a
 * message for the user.
 */
final class ControlRequests implements UnaryOperator<String> {
    private static final System.Logger LOG = System.getLogger(ControlRequests.class.getName());

    private final Map<String, PageStore> stores;
    private final Host host;
    private final Ending ending;

    /** @param host whose memory a limit may take */
    ControlRequests(Map<String, PageStore> stores, Host host, Ending ending) {
        this.stores = Map.copyOf(stores);
        this.host = host;
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
            if (words.equals(List.of("stop"))) {
                return ending.request() ? DRAINING : OK;
            }
            if (words.equals(List.of("stop", "force"))) {
                ending.force();
                return OK;
            }
            return ERROR + "not a request: ping, set NAME key=value ..., stop and stop force are";
        } catch (ConfigException | IllegalArgumentException e) {
            return ERROR + e.getMessage().replace('\n', ' ');
        }
    }

    /** The limit goes first: it is what the store may refuse. */
    private void set(String name, List<String> pairs) throws ConfigException {
        PageStore store = stores.get(name);
        if (store == null) {
            throw new ConfigException("no export '" + name + "' here");
        }
        Changes changes = Changes.parse(pairs);
        if (changes.limit().isPresent()) {
            MemoryCheck.limit(changes.limit().getAsLong(), host, "limit");
            store.setLimit(changes.limit().getAsLong());
        }
        changes.codec().ifPresent(store::setCodec);
        LOG.log(Level.INFO, "export " + name + ": " + changes.summary());
    }
}
