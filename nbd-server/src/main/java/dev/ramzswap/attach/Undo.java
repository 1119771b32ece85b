package dev.ramzswap.attach;

import dev.ramzswap.config.Cause;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * How to take back steps that were made, in the reverse order, unless all of them succeeded. What cannot be taken back
 * may need those before it, as pages that stay swapped need their device and daemon: they stay, too.
 */
final class Undo implements AutoCloseable {
    /** Takes one step back. */
    interface Action {
        void run() throws IOException, InterruptedException;
    }

    private record Step(Action action, String later) {}

    private final PrintWriter out;
    private final Deque<Step> steps = new ArrayDeque<>();

    /** @param out where it says which step could not be taken back */
    Undo(PrintWriter out) {
        this.out = out;
    }

    /** @param later the command for the user if this fails */
    void add(Action action, String later) {
        steps.push(new Step(action, later));
    }

    /** All went well: nothing is to be taken back. */
    void forget() {
        steps.clear();
    }

    /** An interrupt, which may be why, would end each step at once. */
    @Override
    public void close() {
        boolean wasInterrupted = Thread.interrupted();
        takeBack();
        if (wasInterrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void takeBack() {
        for (Step step : steps) {
            try {
                step.action.run();
            } catch (IOException e) {
                sayWhatStays(Cause.of(e), step);
                return;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                sayWhatStays("interrupted", step);
                return;
            }
        }
    }

    private void sayWhatStays(String why, Step step) {
        out.println("could not be undone: " + why + ": " + step.later);
    }
}
