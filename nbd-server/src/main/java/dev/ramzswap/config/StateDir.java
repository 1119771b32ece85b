package dev.ramzswap.config;

import dev.ramzswap.linux.FileSystems;
import dev.ramzswap.store.Counters;
import dev.ramzswap.store.PageStore;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Where state may lie that outlives its daemon: it is what programs have in memory, in the clear, and the key of it.
 */
public final class StateDir {
    private static final System.Logger LOG = System.getLogger(StateDir.class.getName());

    private static final String MAP = ".map";

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
     * Whether the state directory of these settings has, or may have, pages that an earlier daemon has left of their
     * exports. Without such a directory there are none.
     *
     * @param areWhole whether nothing was written besides; else exports may have names that are not known
     */
    public static boolean mayHavePages(Settings settings, boolean areWhole) {
        if (!settings.daemon.containsKey("state-dir")) {
            return false;
        }
        try {
            Path directory = ExportReader.path(settings.daemon.get("state-dir").text());
            return anyMap(directory, names(settings, areWhole));
        } catch (IllegalArgumentException | DirectoryIteratorException | IOException e) {
            return true; // What is no path, or cannot be read, may have been meant for the one that has them.
        }
    }

    /** Those of each export, as far as the settings can be understood. */
    private static List<Path> counters(Settings settings) {
        if (!settings.daemon.containsKey("state-dir")) {
            return List.of();
        }
        try {
            Path directory = ExportReader.path(settings.daemon.get("state-dir").text());
            return settings.names().stream()
                    .filter(ExportName::isOne)
                    .map(name -> part(directory, name, "counters"))
                    .toList();
        } catch (IllegalArgumentException e) {
            return List.of(); // no path, as it holds a zero
        }
    }

    /** Those of the exports; none if not all of them can be known, or are names. */
    private static Set<String> names(Settings settings, boolean areWhole) {
        Set<String> names = settings.names();
        boolean areKnown = areWhole || settings.single.containsKey("name");
        return areKnown && names.stream().allMatch(ExportName::isOne) ? names : Set.of();
    }

    /** @param names of which to look for one; none for any */
    private static boolean anyMap(Path directory, Set<String> names) throws IOException {
        try (DirectoryStream<Path> maps = Files.newDirectoryStream(directory, "*" + MAP)) {
            for (Path map : maps) {
                String file = map.getFileName().toString();
                String name = file.substring(0, file.length() - MAP.length());
                if ((names.isEmpty() || names.contains(name)) && hasBytes(map)) {
                    return true;
                }
            }
            return false;
        } catch (NoSuchFileException | NotDirectoryException e) {
            return false;
        }
    }

    private static boolean hasBytes(Path map) throws IOException {
        try {
            return Files.size(map) > 0;
        } catch (NoSuchFileException e) {
            return false; // a link to nowhere, or removed since by who had it
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
        return counters(settings).stream()
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
