package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/**
 * What a daemon's stores have left, or may leave, to the next one: what is to be known of it before they are opened.
 */
public final class StoreState {
    private StoreState() {}

    /** Makes a state directory, for its owner only, if it is missing. */
    public static Path makeDirectory(Path directory) throws IOException {
        return StateDir.make(directory);
    }

    /** All that a store of this name has in its state directory, or may have. */
    public static List<Path> files(Path stateDir, String name) {
        return PartFiles.paths(stateDir, name);
    }

    /**
     * Whether the state directory has a store of this name, whatever its size.
     *
     * @throws IOException with a message for the user, if the state directory cannot be used
     */
    public static boolean isThere(StoreConfig config) throws IOException {
        return config.stateDir().isPresent() && new PartFiles(config).isMapThere();
    }

    /**
     * Does nothing if a store of this configuration could take over what is in the state directory.
     *
     * @throws IOException with a message for the user, if that has another version or size, or cannot be reached
     */
    public static void requireReadable(StoreConfig config) throws IOException {
        new PartFiles(config).requireReadable();
    }

    /**
     * Takes over what is in the state directory, see {@link PageStore#open(StoreConfig, OptionalLong)}, and makes
     * nothing: what was there a moment ago may be gone, if the process that served it ended in order.
     *
     * @throws IOException as there, or if nothing is left
     */
    public static PageStore takeOver(StoreConfig config, OptionalLong known) throws IOException {
        return PageStore.open(config, known, StoreFiles.openLeft(config, BackingFile::open));
    }

    /**
     * Waits until no process has the store's state in use; returns at once if the store has no state directory. What is
     * there must be of this version and size already.
     *
     * @param beforeWaiting is run if one has
     * @throws IOException with a message for the user, if the state directory or what is in it cannot be used
     */
    public static void awaitFree(StoreConfig config, Runnable beforeWaiting) throws IOException {
        new PartFiles(config).awaitFree(beforeWaiting);
    }
}
