package dev.ramzswap.attach;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayDeque;
import java.util.Deque;

/** How to take back steps that were made, in the reverse order, unless all of them succeeded. */
final class Undo implements AutoCloseable {
    /** Takes one step back. */
    interface Step {
        void run() throws IOException, InterruptedException;
    }

    private final PrintWriter out;
    private final Deque<Step> steps = new ArrayDeque<>();

    /** @param out where it says which steps could not be taken back */
    Undo(PrintWriter out) {
        this.out = out;
    }

    void add(Step step) {
        steps.push(step);
    }

    /** All went well: nothing is to be taken back. */
    void forget() {
        steps.clear();
    }

    @Override
    public void close() {
        while (!steps.isEmpty()) {
            try {
                steps.pop().run();
            } catch (IOException e) {
                out.println("could not be undone: " + e.getMessage());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
