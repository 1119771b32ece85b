package dev.ramzswap.cli;

/** Where output goes. */
final class Terminal {
    private Terminal() {}

    /** Whether a person looks on, so that a line may overwrite itself. */
    static boolean isThere() {
        return System.console() != null && System.console().isTerminal();
    }
}
