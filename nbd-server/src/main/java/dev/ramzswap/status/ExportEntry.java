package dev.ramzswap.status;

import dev.ramzswap.linux.ProcessId;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What {@link RuntimeDir} says of a served export: lines of {@code key=value} in a file of its own.
 *
 * @param pid the daemon's
 * @param start the daemon's start in clock ticks since boot: with the pid, it names a process for ever
 * @param control the daemon's control socket
 * @param counters the store's counters file; empty while it starts
 * @param socket the Unix socket that clients use; empty if there is none
 * @param listen the TCP address that clients use; empty if there is none
 * @param backing the backing file; empty if there is none
 * @param state {@link #STARTING}, {@link #SERVING} or {@link #DRAINING}
 */
public record ExportEntry(
        String name,
        long pid,
        long start,
        Path control,
        String counters,
        String socket,
        String listen,
        String backing,
        String state) {

    public static final String STARTING = "starting";
    static final String SERVING = "serving";
    /** Was told to end, and serves the clients that it has until they are gone. */
    static final String DRAINING = "draining";

    /**
     * Reads an entry, or nothing if there is none that this user may read, or it is not one. What is no plain file is
     * not opened: a pipe would wait for who writes to it.
     */
    static Optional<ExportEntry> read(Path file) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return Optional.empty();
        }
        Map<String, String> values = new HashMap<>();
        try {
            for (String line : Files.readAllLines(file)) {
                int equals = line.indexOf('=');
                values.put(line.substring(0, Math.max(equals, 0)), line.substring(equals + 1));
            }
            return Optional.of(new ExportEntry(
                    values.getOrDefault("name", ""),
                    Long.parseLong(values.getOrDefault("pid", "")),
                    Long.parseLong(values.getOrDefault("start", "")),
                    Path.of(values.getOrDefault("control", "")),
                    values.getOrDefault("counters", ""),
                    values.getOrDefault("socket", ""),
                    values.getOrDefault("listen", ""),
                    values.getOrDefault("backing", ""),
                    values.getOrDefault("state", SERVING)));
        } catch (NoSuchFileException
                | AccessDeniedException
                | CharacterCodingException
                | NumberFormatException
                | InvalidPathException e) {
            return Optional.empty();
        }
    }

    List<String> lines() {
        return List.of(
                "name=" + name,
                "pid=" + pid,
                "start=" + start,
                "control=" + control,
                "counters=" + counters,
                "socket=" + socket,
                "listen=" + listen,
                "backing=" + backing,
                "state=" + state);
    }

    public ExportEntry serving(Path file) {
        return new ExportEntry(name, pid, start, control, file.toString(), socket, listen, backing, SERVING);
    }

    public ExportEntry draining() {
        return new ExportEntry(name, pid, start, control, counters, socket, listen, backing, DRAINING);
    }

    boolean isOfSameDaemon(ExportEntry other) {
        return pid == other.pid && start == other.start;
    }

    /** Whether the daemon that wrote this still runs. */
    public boolean isAlive() {
        return start == ProcessId.startOf(pid);
    }

    public boolean isDraining() {
        return state.equals(DRAINING);
    }

    boolean isServing() {
        return !state.equals(STARTING);
    }
}
