package dev.ramzswap.status;

import java.io.PrintWriter;
import java.time.Duration;

/** Progress of something slow: a line that overwrites itself on a terminal, or one now and then elsewhere. */
public final class ProgressLine {
    private static final Duration REPORT = Duration.ofSeconds(2);
    private static final String CLEAR = "\r\033[K";

    private final PrintWriter out;
    private final boolean terminal;
    private long reported = System.nanoTime();

    public ProgressLine(PrintWriter out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** Shows a text, if it is time to. */
    public void show(String text) {
        long now = System.nanoTime();
        if (terminal) {
            out.print(CLEAR + text);
        } else if (now - reported > REPORT.toNanos()) {
            out.println(text);
            reported = now;
        }
        out.flush();
    }

    /** Says something that stays. */
    public void say(String text) {
        end();
        out.println(text);
        out.flush();
    }

    /** Leaves an empty line on a terminal, for what is said next. */
    public void end() {
        if (terminal) {
            out.print(CLEAR);
            out.flush();
        }
    }
}
