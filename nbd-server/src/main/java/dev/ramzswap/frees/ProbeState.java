package dev.ramzswap.frees;

import java.util.Locale;

/** Whether a kernel says which of an export's slots it frees. */
public enum ProbeState {
    ON,
    OFF,

    /** Whoever asks may not see it. */
    UNKNOWN;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
