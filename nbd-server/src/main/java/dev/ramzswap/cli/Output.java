package dev.ramzswap.cli;

import java.io.IOException;
import picocli.CommandLine;

/** What commands print that do nothing else. Java keeps to itself that words are lost. */
final class Output {
    private Output() {}

    /** @throws IOException with a message for the user, if not all of it could be written */
    static void flush(CommandLine command) throws IOException {
        boolean isLost = command.getOut().checkError();
        if (System.out.checkError() || isLost) {
            throw new IOException("stdout is closed or full, and took not all of this: give another");
        }
    }
}
