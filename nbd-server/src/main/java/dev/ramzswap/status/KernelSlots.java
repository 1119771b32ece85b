package dev.ramzswap.status;

import dev.ramzswap.frees.ProbeState;

/**
 * What this machine's kernel has of an export on which it swaps.
 *
 * @param stored pages
 * @param used how many pages the kernel has there
 * @param probe whether it says which slots it frees
 * @param whyOff why it does not; empty otherwise
 */
public record KernelSlots(long stored, long used, ProbeState probe, String whyOff) {

    /** How much of what is stored is needed, and what becomes of the rest. */
    @Override
    public String toString() {
        String pages = "of " + stored + " stored pages, the kernel has " + used;
        return switch (probe) {
            case ON -> pages + "; others are dropped as it frees them";
            case OFF -> pages + "; others stay (" + whyOff + ")";
            case UNKNOWN -> pages;
        };
    }
}
