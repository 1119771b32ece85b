package dev.ramzswap.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine;

/** What commands print that do nothing else. Java keeps to itself that words are lost. */
final class Output {
    private static final Path STDOUT = Path.of("/proc/self/fd/1");

    private Output() {}

    /** @throws IOException with a message for the user, if not all of it could be written, and somebody waits for it */
    static void flush(CommandLine command) throws IOException {
        boolean isLost = command.getOut().checkError();
        if ((System.out.checkError() || isLost) && !isPipe()) {
            throw new IOException("stdout is closed or full, and took not all of this: give another");
        }
    }

    /**
     * Of which, or of a socket, only the reader can have gone, as {@code head} does when it has seen enough (EPIPE).
     */
    private static boolean isPipe() throws IOException {
        return Files.readSymbolicLink(STDOUT).toString().matches("(pipe|socket):.*");
    }
}
