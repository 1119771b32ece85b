package dev.ramzswap.runtime;

import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Completion for fish: a {@code complete} for each option of each command. */
final class FishCompletion {
    private static final String HEAD = """
            function __ramzswap_names
                for file in /run/ramzswap/*.export $XDG_RUNTIME_DIR/ramzswap/*.export
                    basename $file .export
                end
            end

            complete -c ramzswap -f
            """;

    private FishCompletion() {}

    static String of(CommandLine root) {
        var text = new StringBuilder(HEAD);
        root.getSubcommands().forEach((name, command) -> {
            CommandSpec spec = command.getCommandSpec();
            text.append("complete -c ramzswap -n __fish_use_subcommand -a ").append(name);
            text.append(" -d ").append(quoted(Completion.summary(command))).append('\n');
            String condition = "complete -c ramzswap -n '__fish_seen_subcommand_from " + name + "'";
            for (OptionSpec option : spec.options()) {
                text.append(condition)
                        .append(" -l ")
                        .append(option.longestName().substring(2));
                text.append(option.arity().max() > 0 ? values(option) : "");
                text.append(" -d ")
                        .append(quoted(ManualPage.plain(option.description()[0])))
                        .append('\n');
            }
            if (spec.positionalParameters().stream().anyMatch(Completion::isName)) {
                text.append(condition).append(" -a '(__ramzswap_names)'\n");
            }
        });
        return text.toString();
    }

    /** {@code -r}: a value is required; {@code -F}: files are offered. */
    private static String values(ArgSpec argument) {
        if (Completion.isName(argument)) {
            return " -x -a '(__ramzswap_names)'";
        }
        if (Completion.isFile(argument)) {
            return " -r -F";
        }
        return " -x -a " + quoted(String.join(" ", Completion.values(argument)));
    }

    private static String quoted(String word) {
        return "'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
