package dev.ramzswap.nbd.fence;

import java.io.IOException;

/**
 * A reader's way through its connection's gate: once for all that it has read at one time, as soon as something of that
 * changes pages, and without waiting. For one thread.
 */
public final class Passage {
    private final Gate gate;
    private boolean isPassed;

    public Passage(Gate gate) {
        this.gate = gate;
    }

    /** Whether pages may be changed at once, by what was read before the first of these calls, until {@link #end}. */
    public boolean isOpen() throws IOException {
        if (!isPassed) {
            isPassed = gate.tryPass();
        }
        return isPassed;
    }

    /** Before more is read, or at the connection's end. */
    public void end() {
        if (isPassed) {
            isPassed = false;
            gate.end();
        }
    }
}
