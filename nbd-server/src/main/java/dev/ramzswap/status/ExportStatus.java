package dev.ramzswap.status;

import dev.ramzswap.config.Host;
import dev.ramzswap.frees.Pins;
import dev.ramzswap.frees.ProbeState;
import dev.ramzswap.store.Counters;
import dev.ramzswap.store.Counters.Counter;
import dev.ramzswap.store.Counters.Snapshot;
import dev.ramzswap.store.PageStore;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A served export and its counters at one moment, read from outside: the daemon is not asked, and may even be stuck.
 *
 * @param counters empty if they cannot be read: those of another user's daemon, or of another version's
 */
public record ExportStatus(ExportEntry entry, Optional<Snapshot> counters) {

    /** All exports that run, this user's first, or none. */
    public static List<ExportStatus> all(Host host) throws IOException {
        return search(host, entry -> true);
    }

    /** The export of this name. */
    public static List<ExportStatus> named(Host host, String name) throws IOException {
        return matching(
                host,
                entry -> entry.name().equals(name),
                "no export '" + name + "' is served: ramzswap status shows which are");
    }

    /** The export of this name, if it is served. */
    public static Optional<ExportStatus> find(Host host, String name) throws IOException {
        return search(host, entry -> entry.name().equals(name)).stream().findFirst();
    }

    /** The exports at this Unix socket. */
    public static List<ExportStatus> at(Host host, Path socket) throws IOException {
        String path = socket.toAbsolutePath().normalize().toString();
        return matching(
                host,
                entry -> entry.socket().equals(path),
                "--socket: nothing is served at " + path + ": ramzswap status shows what is");
    }

    private static List<ExportStatus> matching(Host host, Predicate<ExportEntry> filter, String otherwise)
            throws IOException {
        List<ExportStatus> found = search(host, filter);
        if (found.isEmpty()) {
            throw new IOException(otherwise);
        }
        return found;
    }

    private static List<ExportStatus> search(Host host, Predicate<ExportEntry> filter) throws IOException {
        var found = new ArrayList<ExportStatus>();
        for (RuntimeDir dir : RuntimeDir.visible(host)) {
            for (ExportEntry entry : dir.exports(host)) {
                if (entry.isServing() && filter.test(entry)) {
                    look(entry).ifPresent(found::add);
                }
            }
        }
        return found;
    }

    /** Nothing if the daemon has ended since it was found. */
    private static Optional<ExportStatus> look(ExportEntry entry) {
        Path file = Path.of(entry.counters());
        try {
            return Optional.of(new ExportStatus(entry, Optional.of(Counters.read(file))));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(new ExportStatus(entry, Optional.empty()));
        }
    }

    private static Snapshot read(ExportEntry entry) throws IOException {
        try {
            return Counters.read(Path.of(entry.counters()));
        } catch (AccessDeniedException e) {
            throw new IOException("the counters of export " + entry.name() + " are for the user of its daemon (pid "
                    + entry.pid() + ") only: run this as that user or with sudo");
        }
    }

    /** The same export, now. */
    public ExportStatus again() throws IOException {
        if (!entry.isAlive()) {
            throw new IOException("the daemon of export " + entry.name() + " (pid " + entry.pid() + ") has ended");
        }
        return new ExportStatus(entry, Optional.of(read(entry)));
    }

    /**
     * The counters.
     *
     * @throws IOException with a message for the user, if they could not be read and still cannot
     */
    public Snapshot snapshot() throws IOException {
        return counters.isPresent() ? counters.get() : read(entry);
    }

    public String name() {
        return entry.name();
    }

    /** Whether the kernel says to the daemon which slots it frees; unknown without counters. */
    public ProbeState slotProbe() {
        return counters.map(known -> Pins.of(name()).state(known.slots(), known.freedBits()))
                .orElse(ProbeState.UNKNOWN);
    }

    /** Pages that are stored, wherever they are. */
    public long storedPages() throws IOException {
        return value(Counter.ORIG_DATA_SIZE) / PageStore.SLOT_BYTES;
    }

    /** Bytes of the device. */
    public long size() throws IOException {
        return snapshot().slots() * PageStore.SLOT_BYTES;
    }

    /** Bytes of memory that it may come to take: its limit; without one its size, as if no page compressed. */
    public long mostMemory() throws IOException {
        long limit = value(Counter.MEM_LIMIT);
        return limit == 0 ? size() : Math.min(limit, size());
    }

    public long value(Counter counter) throws IOException {
        return snapshot().values().getOrDefault(counter, 0L);
    }
}
