package dev.ramzswap.daemon;

import dev.ramzswap.config.Config;
import dev.ramzswap.config.ExportConfig;
import dev.ramzswap.linux.LockedFiles;
import dev.ramzswap.linux.NativeFile;
import dev.ramzswap.store.PageStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The place of the daemon that takes over next. Of several daemons with the same state, the one that has the state's
 * locks serves; one has this place and waits for these; all others wait for the place. Locks of files (flock) do all of
 * it: the kernel gives one up when the last thread of its process has ended, so who gets it knows that the other will
 * do nothing more, and is woken within microseconds.
 *
 * <pre>
 *   waits for the place ──► stands by ──► serves ──► ends
 *                           (NAME.standby)  (NAME.map and the others)
 * </pre>
 */
final class Standby implements AutoCloseable {
    private final NativeFile place;

    private Standby(NativeFile place) {
        this.place = place;
    }

    /**
     * Waits until this daemon is the next. One that could not take over is refused: that a daemon has the place is a
     * reason for another one to end.
     *
     * @param beforeWaiting is run if another is
     */
    static Standby await(Config config, Runnable beforeWaiting) throws IOException {
        for (ExportConfig export : config.exports()) {
            PageStore.requireReadable(export.store(config));
        }
        return new Standby(LockedFiles.await(path(config), beforeWaiting));
    }

    /** Whether some daemon stands by. */
    static boolean isTaken(Config config) throws IOException {
        Path path = path(config);
        if (!Files.exists(path)) {
            return false;
        }
        try (NativeFile place = NativeFile.open(path, NativeFile.O_RDWR | NativeFile.O_CREAT)) {
            return !place.tryLock();
        }
    }

    private static Path path(Config config) throws IOException {
        Path directory = PageStore.makeStateDir(config.stateDir().orElseThrow());
        String name = config.exports().getFirst().name();
        return directory.resolve(name + ".standby");
    }

    /**
     * Waits until nobody serves the state any more.
     *
     * @param beforeWaiting is run if somebody does
     */
    void awaitTurn(Config config, Runnable beforeWaiting) throws IOException {
        for (ExportConfig export : config.exports()) {
            PageStore.awaitFree(export.store(config), beforeWaiting);
        }
    }

    /** Leaves the place to the next. */
    @Override
    public void close() throws IOException {
        place.close();
    }
}
