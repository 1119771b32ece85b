package dev.ramzswap.cli;

import dev.ramzswap.linux.StandardOutput;
import java.io.IOException;
import picocli.CommandLine;

/** What commands print that do nothing else. Java keeps to itself that words are lost. */
final class Output {
    private Output() {}

    /** @throws IOException with a message for the user, if not all of it could be written, and somebody waits for it */
    static void flush(CommandLine command) throws IOException {
        boolean isLost = command.getOut().checkError();
        if ((System.out.checkError() || isLost) && !StandardOutput.isReaderGone()) {
            throw new IOException("stdout is closed or full, and took not all of this: give another");
        }
    }
}
