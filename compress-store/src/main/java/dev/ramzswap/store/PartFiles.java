package dev.ramzswap.store;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.linux.MappedFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The mapped files that a store consists of, its parts: {@code NAME.PART} in the state directory, or memory files. */
final class PartFiles {
    /** In the order in which they go. Without the map there is nothing to take over, so it goes first. */
    private static final List<String> ALL = List.of("map", "backing", "pool", "counters");

    /** The others. Who is still at work has the counters open, in any case. */
    private static final List<String> REST = List.of("counters", "pool", "backing");

    private final StoreConfig config;

    /** In the state directory, and locked by this process. */
    private final List<Path> opened = new ArrayList<>();

    PartFiles(StoreConfig config) {
        this.config = config;
    }

    /** Opens the part that all others belong to; one that is new is to be made when they are. */
    MappedFile openFirst(String part, long bytes) throws IOException {
        return config.stateDir().isPresent()
                ? noted(MappedFile.unmadeAt(pathOf(part), bytes), part)
                : openInMemory(part, bytes);
    }

    /**
     * Removes what is left of a store that has no map any more, or none yet, so that the next one has nothing of it.
     */
    void removeRest() throws IOException {
        if (config.stateDir().isPresent()) {
            for (String part : REST) {
                MappedFile.removeUnused(pathOf(part));
            }
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
            MappedFile.removeUnused(path);
        }
    }

    private MappedFile noted(MappedFile file, String part) throws IOException {
        opened.add(pathOf(part));
        return file;
    }

    /** Makes a part that is gone with this process. */
    MappedFile openInMemory(String part, long bytes) throws IOException {
        return MappedFile.inMemory("ramzswap-" + part, bytes);
    }

    /** Where a part lies, or would, if there is a state directory. */
    Path pathOf(String part) throws IOException {
        return StateDir.make(config.stateDir().orElseThrow()).resolve(config.name() + "." + part);
    }

    /** Removes all parts from the state directory; those that are open live on without a name. */
    void remove() throws IOException {
        if (config.stateDir().isPresent()) {
            for (String part : ALL) {
                MappedFile.remove(pathOf(part));
            }
        }
    }

    /** Removes the parts that were opened, in that order, and no others: those may be somebody else's. */
    void removeOpened() throws IOException {
        for (Path path : opened) {
            MappedFile.remove(path);
        }
    }
}
