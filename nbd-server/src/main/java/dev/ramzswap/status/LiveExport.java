package dev.ramzswap.status;

import static dev.ramzswap.store.Counters.Counter.MEM_USED_TOTAL;

import dev.ramzswap.config.Changes;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.Size;
import dev.ramzswap.control.ControlClient;
import dev.ramzswap.store.PageStore;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A running export as {@code set} changes it and {@code stop} ends it: the daemon is told, and then watched from
 * outside until it is done.
 */
public final class LiveExport {
    private static final Duration LOOK = Duration.ofMillis(200);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** One that leaves to another waits two seconds at most for a moment in which nothing is in flight. */
    private static final Duration LEAVING = Duration.ofSeconds(5);

    private final PrintWriter out;
    private final ProgressLine progress;
    private final Duration patience;
    private ExportStatus export;

    /** @param terminal whether progress overwrites its own line */
    public LiveExport(ExportStatus export, PrintWriter out, boolean terminal) {
        this(export, out, terminal, PATIENCE);
    }

    LiveExport(ExportStatus export, PrintWriter out, boolean terminal, Duration patience) {
        this.export = export;
        this.out = out;
        this.patience = patience;
        this.progress = new ProgressLine(out, terminal);
    }

    /** Makes changes, and returns when the pool is within the limit. */
    public void set(Changes changes) throws IOException, InterruptedException {
        ControlClient.set(export.entry().control(), export.name(), changes);
        if (changes.limit().isPresent()) {
            awaitFit(changes.limit().getAsLong());
        }
        say(changes.summary());
    }

    private void awaitFit(long limit) throws IOException, InterruptedException {
        long least = Long.MAX_VALUE;
        long progressed = System.nanoTime();
        export = export.again();
        long used = export.value(MEM_USED_TOTAL);
        while (used > limit) {
            long now = System.nanoTime();
            if (used < least) {
                least = used;
                progressed = now;
            } else if (now - progressed > patience.toNanos()) {
                progress.end();
                throw new IOException(
                        "the limit is set, but the pool stays at " + Size.format(used) + ": " + whyItStays(limit));
            }
            progress.show(export.name() + ": " + Size.format(used) + " in use, going down to " + Size.format(limit));
            Thread.sleep(LOOK);
            export = export.again();
            used = export.value(MEM_USED_TOTAL);
        }
        progress.end();
    }

    private String whyItStays(long limit) throws IOException {
        long map = PageStore.mapBytes(export.snapshot().slots());
        return limit < map
                ? "the map of its slots alone takes " + Size.format(map) + "; give a higher limit"
                : "its pages can go nowhere else, since there is no backing file, or it is full or failing (see the"
                        + " daemon's log); stop programs that are swapped out, or give a higher limit";
    }

    /**
     * Ends the daemon of this export, now or, if kernels may swap there, when its last client is gone or another stands
     * by.
     *
     * @param host whose runtime directory tells which of these it is
     */
    public void stop(Host host) throws IOException, InterruptedException {
        if (!ControlClient.stop(export.entry().control()) && drains(host)) {
            say("draining: its clients may swap there, so the daemon (pid "
                    + export.entry().pid() + ") goes on until they are gone: ramzswap swapoff " + export.name());
        } else {
            awaitEnd();
        }
    }

    private boolean drains(Host host) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + LEAVING.toNanos();
        while (export.entry().isAlive()) {
            if (isSaidToDrain(host) || System.nanoTime() - deadline > 0) {
                return true;
            }
            Thread.sleep(LOOK);
        }
        return false;
    }

    private boolean isSaidToDrain(Host host) throws IOException {
        return ExportStatus.find(host, export.name())
                .filter(now -> now.entry().pid() == export.entry().pid())
                .filter(now -> now.entry().isDraining())
                .isPresent();
    }

    /** Ends the daemon of this export, and returns when it has ended. Its clients must be about to go. */
    public void stopAndWait() throws IOException, InterruptedException {
        if (!ControlClient.stop(export.entry().control())) {
            Thread.sleep(LOOK); // what the kernel has just closed is no visitor
            sayWhoKeepsIt();
        }
        awaitEnd();
    }

    private void sayWhoKeepsIt() throws InterruptedException {
        String visitors = visitors();
        if (!visitors.isEmpty()) {
            say("the daemon (pid " + export.entry().pid() + ") waits for " + visitors);
        }
    }

    /** Ends the daemon of this export now, whatever its clients lose. */
    public void stopByForce() throws IOException, InterruptedException {
        ControlClient.stopByForce(export.entry().control());
        awaitEnd();
    }

    private void awaitEnd() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (export.entry().isAlive()) {
            if (System.nanoTime() > deadline) {
                String visitors = visitors();
                throw new IOException("the daemon (pid " + export.entry().pid() + ") was told to end, and still runs"
                        + (visitors.isEmpty() ? "" : ", for " + visitors));
            }
            Thread.sleep(LOOK);
        }
        say("the daemon (pid " + export.entry().pid() + ") has ended");
    }

    /** Who is connected to it, as {@code COMMAND (pid N), ...}. */
    private String visitors() throws InterruptedException {
        try {
            return named(ControlClient.visitors(export.entry().control()));
        } catch (IOException e) {
            return ""; // it has just ended, or does not answer: the caller says what is known
        }
    }

    /** Who is connected to an export, but for the kernel, as {@code COMMAND (pid N), ...}; empty if nobody is. */
    public static String clients(ExportStatus export) throws IOException, InterruptedException {
        return named(ControlClient.visitors(export.entry().control(), export.name()));
    }

    private static String named(List<Long> pids) {
        return pids.stream().map(LiveExport::named).collect(Collectors.joining(", "));
    }

    private static String named(long pid) {
        try {
            String command = Files.readString(Path.of("/proc/" + pid + "/comm")).strip();
            return command.replaceAll("\\p{Cntrl}", "?") + " (pid " + pid + ")"; // it names itself
        } catch (IOException e) {
            return pid == 0 ? "a client by TCP" : "a process (pid " + pid + ") that has left its connection to another";
        }
    }

    private void say(String text) {
        out.println(export.name() + ": " + text);
        out.flush();
    }
}
