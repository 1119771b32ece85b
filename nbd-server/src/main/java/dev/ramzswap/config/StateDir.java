package dev.ramzswap.config;

import dev.ramzswap.linux.FileSystems;
import dev.ramzswap.store.Counters;
import dev.ramzswap.store.PageStore;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where state may lie that outlives its daemon: it is what programs have in memory, in the clear, and the key of it.
 */
public final class StateDir {
    private static final System.Logger LOG = System.getLogger(StateDir.class.getName());

    private StateDir() {}

    /**
     * Checks that it lies in memory, or that the user wants it on a disk; warns where it could be swapped out.
     *
     * @throws ConfigException if it would lie on a disk
     */
    public static void check(Config config) throws IOException, ConfigException {
        if (config.stateDir().isEmpty() || config.protection().isUnsafe()) {
            return;
        }
        Path directory = config.stateDir().get();
        Path existing = existing(directory);
        if (!FileSystems.isInMemory(existing)) {
            throw new ConfigException("--state-dir: " + directory + " is on a disk, where pages and the backing file's"
                    + " key would stay when they are deleted: give a directory on a tmpfs or ramfs, as below /run, or"
                    + " add --unsafe");
        }
        if (config.protection().isSwap() && !FileSystems.isNeverSwappedOut(existing)) {
            LOG.log(
                    Level.WARNING,
                    "--state-dir: " + directory
                            + " is on a tmpfs without noswap: when no daemon has it locked, it may be"
                            + " swapped out to the very device that it holds; mount it with noswap, or use a ramfs");
        }
    }

    /**
     * Whether an earlier daemon has left pages there of an export of these settings, as far as they can be understood.
     */
    public static boolean hasPages(Settings settings) {
        return parts(settings, "map").stream().anyMatch(map -> map.toFile().length() > 0);
    }

    /** A part of each export's state, as far as the settings can be understood. */
    private static List<Path> parts(Settings settings, String part) {
        if (!settings.daemon.containsKey("state-dir")) {
            return List.of();
        }
        try {
            Path directory = ExportReader.path(settings.daemon.get("state-dir").text());
            return (settings.exports.isEmpty() ? Stream.of(settings.single) : settings.exports.stream())
                    .map(ExportReader::name)
                    .map(name -> part(directory, name, part))
                    .toList();
        } catch (IllegalArgumentException e) {
            return List.of(); // no path, as it holds a zero
        }
    }

    /** Bytes of the device that an earlier daemon has left there; empty if there is none of this name. */
    static OptionalLong sizeOf(Path directory, String name) {
        try {
            return OptionalLong.of(
                    Counters.read(part(directory, name, "counters")).slots() * PageStore.SLOT_BYTES);
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    /**
     * How often what is there was configured, see {@link Counters.Snapshot}, by the counters' file of each export; 1,
     * as by a start, if there is nothing yet.
     */
    public static Map<Path, Long> timesConfigured(Settings settings) {
        return parts(settings, "counters").stream()
                .collect(Collectors.toMap(file -> file, StateDir::timesConfigured, (one, _) -> one));
    }

    private static long timesConfigured(Path file) {
        try {
            return Counters.read(file).timesConfigured();
        } catch (IOException e) {
            return 1;
        }
    }

    static Path part(Path directory, String name, String part) {
        return directory.resolve(name + "." + part);
    }

    /** The directory, or the one that it is to be made in. */
    private static Path existing(Path directory) {
        Path found = directory;
        while (!Files.exists(found)) {
            found = found.getParent();
        }
        return found;
    }
}
