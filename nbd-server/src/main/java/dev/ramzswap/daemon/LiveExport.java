package dev.ramzswap.daemon;

import static dev.ramzswap.store.Counters.Counter.MEM_USED_TOTAL;

import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;

/** A running export as {@code set} changes it: the daemon is told, and then watched from outside until it is done. */
public final class LiveExport {
    private static final Duration LOOK = Duration.ofMillis(200);
    private static final Duration REPORT = Duration.ofSeconds(2);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final PrintWriter out;
    private final boolean terminal;
    private ExportStatus export;

    /** @param terminal whether progress overwrites its own line */
    public LiveExport(ExportStatus export, PrintWriter out, boolean terminal) {
        this.export = export;
        this.out = out;
        this.terminal = terminal;
    }

    /** Makes changes, and returns when the pool is within the limit. */
    public void set(Changes changes) throws IOException, InterruptedException {
        ControlRequests.set(export.entry().control(), export.name(), changes);
        if (changes.limit().isPresent()) {
            awaitFit(changes.limit().getAsLong());
        }
        out.println(export.name() + ": " + changes.summary());
        out.flush();
    }

    private void awaitFit(long limit) throws IOException, InterruptedException {
        long least = Long.MAX_VALUE;
        long progressed = System.nanoTime();
        long reported = progressed;
        export = export.again();
        long used = export.value(MEM_USED_TOTAL);
        while (used > limit) {
            long now = System.nanoTime();
            if (used < least) {
                least = used;
                progressed = now;
            } else if (now - progressed > PATIENCE.toNanos()) {
                endLine();
                throw new IOException("the limit is set, but the pool stays at " + Size.format(used)
                        + ": look for errors of the backing file in the daemon's log");
            }
            if (terminal || now - reported > REPORT.toNanos()) {
                report(used, limit);
                reported = now;
            }
            Thread.sleep(LOOK);
            export = export.again();
            used = export.value(MEM_USED_TOTAL);
        }
        endLine();
    }

    private void report(long used, long limit) {
        String text = export.name() + ": " + Size.format(used) + " in use, going down to " + Size.format(limit);
        if (terminal) {
            out.print("\r\033[K" + text);
        } else {
            out.println(text);
        }
        out.flush();
    }

    private void endLine() {
        if (terminal) {
            out.print("\r\033[K");
            out.flush();
        }
    }
}
