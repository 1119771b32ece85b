package dev.ramzswap.daemon;

import dev.ramzswap.config.Cause;
import dev.ramzswap.config.Config;
import dev.ramzswap.config.ExportConfig;
import dev.ramzswap.config.Host;
import dev.ramzswap.control.ControlSocket;
import dev.ramzswap.linux.FileType;
import dev.ramzswap.linux.ProcessId;
import dev.ramzswap.status.ExportEntry;
import dev.ramzswap.status.RuntimeDir;
import dev.ramzswap.store.PageStore;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * What a daemon leaves word of in the runtime directory, for other processes to find it: an entry for each export, and
 * the control socket. Thread-safe.
 */
final class Announcement implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Announcement.class.getName());
    private static final long PID = ProcessHandle.current().pid();

    private final Config config;
    private final RuntimeDir dir;
    private final Host host;
    private final List<ExportEntry> claimed = new ArrayList<>();
    private ControlSocket control;
    private boolean isDraining;
    private boolean isClosed;

    Announcement(Config config, Host host) {
        this.config = config;
        this.dir = RuntimeDir.own(host);
        this.host = host;
    }

    /**
     * Takes the names of the exports, before there is one.
     *
     * @throws IOException also if a running daemon has one of them
     */
    synchronized void claim() throws IOException {
        dir.prepare(host); // a start that has found pages had gone on without it, and they may be gone since
        claim(config.exports());
    }

    /** All or none. */
    private void claim(List<ExportConfig> exports) throws IOException {
        List<ExportEntry> entries = exports.stream().map(this::starting).toList();
        dir.claim(entries);
        claimed.addAll(entries);
    }

    private ExportEntry starting(ExportConfig export) {
        return new ExportEntry(
                export.name(),
                PID,
                ProcessId.startOf(PID),
                dir.control(PID),
                "",
                config.socket().map(Path::toString).orElse(""),
                config.listenText().orElse(""),
                export.backing().map(backing -> backing.path().toString()).orElse(""),
                ExportEntry.STARTING);
    }

    /**
     * Says that exports are served, and takes their names if it has not got them.
     *
     * @param requests answers at the control socket
     * @throws IOException also if a running daemon has one of the names; the others are found all the same
     */
    synchronized void serving(Map<String, PageStore> stores, UnaryOperator<String> requests) throws IOException {
        if (isClosed) {
            return; // an attempt that an interrupt came too late for
        }
        dir.prepare(host); // which a takeover could do without until now
        Optional<IOException> failure = claimEach(stores.keySet());
        listen(requests);
        claimed.replaceAll(
                entry -> entry.serving(stores.get(entry.name()).counters().path()));
        publish();
        if (failure.isPresent()) {
            throw failure.get();
        }
    }

    /** Also where the directory was removed since it was last listened there. */
    private void listen(UnaryOperator<String> requests) throws IOException {
        if (control != null && !FileType.isSocket(dir.control(PID))) {
            control.close();
            control = null;
        }
        if (control == null) {
            control = new ControlSocket(dir.control(PID), requests);
        }
    }

    /** @return why some of these names cannot be had */
    private Optional<IOException> claimEach(Set<String> names) {
        Set<String> had = claimed.stream().map(ExportEntry::name).collect(Collectors.toSet());
        IOException failure = null;
        for (ExportConfig export : config.only(names).exports()) {
            try {
                if (!had.contains(export.name())) {
                    claim(List.of(export));
                }
            } catch (IOException e) {
                failure = e;
            }
        }
        return Optional.ofNullable(failure);
    }

    /**
     * The same, again and again until it is done, on a thread of its own. Returns when that is, or after a second, or
     * if no thread is to be had.
     *
     * <p>Of a daemon that has taken pages over: to end for want of a word in the runtime directory would lose them.
     */
    void servingSoon(Map<String, PageStore> stores, UnaryOperator<String> requests, Retries retries)
            throws InterruptedException {
        Optional<Thread> thread = retries.begin(
                "announcement",
                () -> attempt(stores, requests),
                "the exports are served, but other commands cannot find all of them");
        if (thread.isPresent()) {
            thread.get().join(Retries.FIRST_PAUSE);
        }
    }

    /** What was wrong; empty if nothing. */
    private String attempt(Map<String, PageStore> stores, UnaryOperator<String> requests) {
        try {
            serving(stores, requests);
            return "";
        } catch (IOException e) {
            return Cause.of(e);
        } catch (RuntimeException e) {
            return e.toString();
        } catch (OutOfMemoryError e) { // no thread is to be had
            return e.getMessage();
        }
    }

    /** Says that the daemon goes on only for who is attached. */
    synchronized void draining() {
        isDraining = true;
        try {
            dir.requireOwn(host);
            publish();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the status does not show that this drains: " + Cause.of(e));
        }
    }

    private void publish() throws IOException {
        if (isDraining) {
            claimed.replaceAll(ExportEntry::draining);
        }
        for (ExportEntry entry : claimed) {
            dir.publish(entry);
        }
    }

    /** Takes it all back. */
    @Override
    public synchronized void close() {
        isClosed = true;
        if (control != null) {
            control.close();
        }
        dir.release(claimed);
    }
}
