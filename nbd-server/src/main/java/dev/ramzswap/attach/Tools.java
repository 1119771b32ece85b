package dev.ramzswap.attach;

import java.io.IOException;
import java.util.Optional;

/** The system's programs that do what only root may: modprobe, nbd-client, mkswap, swapon, swapoff. */
interface Tools {
    /** How a program ended: its status, and what it said on both outputs. */
    record Result(int status, String output) {
        /** The last line is where programs say why they failed. */
        Optional<String> lastLine() {
            return output.lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .reduce((_, last) -> last);
        }
    }

    /** What is done while a program runs. */
    interface Meanwhile {
        void run() throws IOException;
    }

    boolean has(String program);

    /**
     * Runs a program to its end.
     *
     * @param meanwhile is run several times a second until then
     * @throws InterruptedException when the program has been ended for that
     */
    Result run(Meanwhile meanwhile, String... command) throws IOException, InterruptedException;

    /** Runs a program that must succeed. */
    default void must(String... command) throws IOException, InterruptedException {
        must(() -> {}, command);
    }

    /** As {@link #run}, for a program that must succeed. */
    default void must(Meanwhile meanwhile, String... command) throws IOException, InterruptedException {
        Result result = run(meanwhile, command);
        if (result.status() != 0) {
            throw new IOException(String.join(" ", command) + " failed: "
                    + result.lastLine().orElse("exit status " + result.status()));
        }
    }
}
