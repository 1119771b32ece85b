package dev.ramzswap.runtime;

import dev.ramzswap.cli.Main;
import dev.ramzswap.config.Host;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine;

/** Manual pages and shell completion, from the command line's own definitions and from docs/operation.md. */
final class Documents {
    private Documents() {}

    static void write(Path share, Path operation) throws IOException {
        CommandLine root = Main.commandLine(Host.current());
        Path manual = share.resolve("man");
        Tables tables = Tables.read(operation);
        ManualPage.write(root.getCommandSpec(), tables, manual);
        for (CommandLine command : root.getSubcommands().values()) {
            if (ManualPage.hasPage(command.getCommandSpec())) {
                ManualPage.write(command.getCommandSpec(), tables, manual);
            }
        }
        ConfigurationPage.write(manual);
        completion(share.resolve("bash-completion/completions/ramzswap"), Completion.bash(root));
        completion(share.resolve("zsh/vendor-completions/_ramzswap"), ZshCompletion.of(root));
        completion(share.resolve("fish/vendor_completions.d/ramzswap.fish"), FishCompletion.of(root));
    }

    private static void completion(Path file, String script) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, script);
    }
}
