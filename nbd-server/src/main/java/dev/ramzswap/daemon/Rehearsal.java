package dev.ramzswap.daemon;

import dev.ramzswap.config.Config;
import dev.ramzswap.config.Host;
import dev.ramzswap.store.StoreConfig;
import dev.ramzswap.store.StoreState;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The {@link WarmUp} in a place that has room for it: the state directory, which is to have some in any case, while the
 * runtime directory may be full. Pages may have filled the former since; these need a daemon all the same, if need be
 * one that is not warm.
 */
final class Rehearsal {
    private static final System.Logger LOG = System.getLogger(Rehearsal.class.getName());

    private final Config config;
    private final Host host;
    private final Attachments kernel;
    private final Stores stores;
    private final Optional<Path> runtimeDir;

    /** @param runtimeDir if it can be used */
    Rehearsal(Config config, Host host, Attachments kernel, Stores stores, Optional<Path> runtimeDir) {
        this.config = config;
        this.host = host;
        this.kernel = kernel;
        this.stores = stores;
        this.runtimeDir = runtimeDir;
    }

    void run() throws IOException {
        Path room = room();
        try {
            run(room);
        } catch (IOException e) {
            if (!stores.hasState()) {
                throw e;
            }
            LOG.log(Level.WARNING, e.getMessage() + "; this goes on all the same, for the pages that are there");
            runElsewhere();
        }
    }

    private void runElsewhere() {
        try {
            if (runtimeDir.isPresent()) {
                run(runtimeDir.get());
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, e.getMessage() + "; when memory is short, a takeover may wait for some");
        }
    }

    private void run(Path room) throws IOException {
        new WarmUp(runtimeDir.orElseGet(() -> besideSocket(room)), room, host, kernel, encrypts()).run();
    }

    private Path room() throws IOException {
        return config.stateDir().isPresent()
                ? StoreState.makeDirectory(config.stateDir().get())
                : runtimeDir.orElseThrow();
    }

    /** Where other sockets can be made: paths in the state directory may be too long for any. */
    private Path besideSocket(Path otherwise) {
        return config.socket()
                .map(socket -> socket.toAbsolutePath().getParent())
                .filter(Files::isDirectory)
                .orElse(otherwise);
    }

    private boolean encrypts() {
        return config.exports().stream()
                .flatMap(export -> export.backing().stream())
                .anyMatch(StoreConfig.Backing::encrypt);
    }
}
