package dev.ramzswap.runtime;

import dev.ramzswap.cli.Main;
import dev.ramzswap.config.Host;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.AutoComplete;
import picocli.CommandLine;

/** Manual pages and shell completion, from the command line's own definitions. */
final class Documents {
    private Documents() {}

    static void write(Path share) throws IOException {
        CommandLine commands = Main.commandLine(Host.current());
        Path manual = Files.createDirectories(share.resolve("man/man1"));
        ManualPage.write(commands.getCommandSpec(), manual);
        for (CommandLine command : commands.getSubcommands().values()) {
            ManualPage.write(command.getCommandSpec(), manual);
        }
        Path completions = Files.createDirectories(share.resolve("bash-completion/completions"));
        // It is read by a shell, not run.
        String script = AutoComplete.bash("ramzswap", commands).replaceFirst("^#!.*\n", "");
        Files.writeString(completions.resolve("ramzswap"), script);
    }
}
