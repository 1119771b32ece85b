package dev.ramzswap.store;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.linux.LastingException;
import dev.ramzswap.linux.MappedFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The mapped files that a store consists of, its parts: {@code NAME.PART} in the state directory, or memory files. */
final class PartFiles {
    /** In the order in which they go. Without the map there is nothing to take over, so it goes first. */
    private static final List<String> ALL = List.of("map", "backing", "pool", "counters");

    /** The others, in the same order: the counters, which tell what the pool is, go last. */
    private static final List<String> REST = ALL.subList(1, ALL.size());

    private final StoreConfig config;

    /** In the state directory, and locked by this process. */
    private final List<String> opened = new ArrayList<>();

    PartFiles(StoreConfig config) {
        this.config = config;
    }

    /** Where the parts of a store lie, or would. */
    static List<Path> paths(Path stateDir, String name) {
        return ALL.stream().map(part -> path(stateDir, name, part)).toList();
    }

    private static Path path(Path stateDir, String name, String part) {
        return stateDir.resolve(name + "." + part);
    }

    /** Opens the part that all others belong to; one that is new is to be made when they are. */
    MappedFile openFirst(String part, long bytes) throws IOException {
        return config.stateDir().isPresent()
                ? noted(MappedFile.unmadeAt(pathOf(part), bytes), part)
                : openInMemory(part, bytes);
    }

    /**
     * Removes what is left of a store that has no map any more, or none yet, so that the next one has nothing of it.
     *
     * @throws IOException if one of them is in use, or no part of a store: then all are left alone
     */
    void removeRest() throws IOException {
        if (config.stateDir().isPresent()) {
            List<Path> rest = new ArrayList<>();
            for (String part : REST) {
                rest.add(pathOf(part));
            }
            MappedFile.removeUnused(rest, this::requireOwn);
        }
    }

    private void requireOwn(Path path) throws IOException {
        if (!new PartMark(config.slots(), pathOf("counters")).isAt(path)) {
            throw new LastingException(path + " is no part of a store, and would be written over: move it away, or give"
                    + " another state directory or name");
        }
    }

    /** Opens a part, or makes it. */
    MappedFile open(String part, long bytes) throws IOException {
        return config.stateDir().isPresent()
                ? noted(MappedFile.at(pathOf(part), bytes), part)
                : openInMemory(part, bytes);
    }

    /** The same, of a part that gives memory back. */
    MappedFile openSparse(String part, long bytes) throws IOException {
        return config.stateDir().isPresent()
                ? noted(MappedFile.sparseAt(pathOf(part), bytes), part)
                : openInMemory(part, bytes);
    }

    /**
     * The same, of a part that is used in whole, and at once: a page fault that finds no memory is a SIGBUS. If there
     * is none, a part that was made for it is not left behind.
     */
    MappedFile openPopulated(String part, long bytes) throws IOException {
        MappedFile file = open(part, bytes);
        try {
            file.populate(0, bytes);
            return file;
        } catch (Throwable e) {
            if (file.created() && config.stateDir().isPresent()) {
                Closing.after(e, () -> MappedFile.remove(pathOf(part)));
            }
            Closing.after(e, file);
            throw e;
        }
    }

    /** Removes a part that has another size, and in which nothing can be. */
    void removeUnlessOf(String part, long bytes) throws IOException {
        Path path = pathOf(part);
        if (Files.exists(path) && Files.size(path) != bytes) {
            MappedFile.removeUnused(List.of(path), this::requireOwn);
        }
    }

    private MappedFile noted(MappedFile file, String part) {
        opened.add(part);
        return file;
    }

    /** Makes a part that is gone with this process. */
    MappedFile openInMemory(String part, long bytes) throws IOException {
        return MappedFile.inMemory("ramzswap-" + part, bytes);
    }

    /** Where a part lies, or would, if there is a state directory. */
    Path pathOf(String part) throws IOException {
        return path(StateDir.make(config.stateDir().orElseThrow()), config.name(), part);
    }

    /** Whether the state directory has a map: nothing of a store outlives a daemon without. */
    boolean isMapThere() throws IOException {
        try {
            return Files.size(pathOf("map")) > 0;
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /**
     * Waits until no process has the state of this store open. Another may still be faster to open it. Where there is
     * none, nobody is waited for, and nothing is made.
     */
    void awaitFree(Runnable beforeWaiting) throws IOException {
        if (config.stateDir().isPresent() && Files.exists(pathOf("map"))) {
            requireReadable();
            MappedFile.awaitFree(pathOf("map"), beforeWaiting);
        }
    }

    /** Who waits to take over must be able to: files of another format or size are refused before. */
    void requireReadable() throws IOException {
        if (config.stateDir().isEmpty() || !isMapThere()) {
            return; // What else is there is left of another store.
        }
        MappedFile.requireReachable(pathOf("pool"));
        Path counters = pathOf("counters");
        if (Files.exists(counters) && Files.size(counters) > 0) {
            long slots = Counters.readIfWritten(counters)
                    .map(Counters.Snapshot::slots)
                    .orElse(config.slots());
            Counters.requireSlots(config.slots(), slots, counters);
        }
    }

    /** Removes all parts from the state directory; those that are open live on without a name. */
    void remove() throws IOException {
        if (config.stateDir().isPresent()) {
            for (String part : ALL) {
                MappedFile.remove(pathOf(part));
            }
        }
    }

    /** The same of those that were opened, and no others: they may be somebody else's. */
    void removeOpened() throws IOException {
        for (String part : ALL) {
            if (opened.contains(part)) {
                MappedFile.remove(pathOf(part));
            }
        }
    }
}
