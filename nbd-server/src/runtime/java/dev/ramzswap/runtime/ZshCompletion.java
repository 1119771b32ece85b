package dev.ramzswap.runtime;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** Completion for zsh, as zshcompsys(1) has it: {@code _arguments} for each command. */
final class ZshCompletion {
    private static final String HEAD = """
            #compdef ramzswap

            _ramzswap_names() {
                local -a names
                names=(/run/ramzswap/*.export(N:t:r) ${XDG_RUNTIME_DIR:-/nowhere}/ramzswap/*.export(N:t:r))
                compadd -a names
            }

            _ramzswap() {
                local -a commands
                commands=(
            """;
    private static final String MIDDLE = """
                )
                if ((CURRENT == 2)); then
                    _describe command commands
                    return
                fi
                shift words
                ((CURRENT--))
                case $words[1] in
            """;
    private static final String TAIL = """
                esac
            }

            _ramzswap "$@"
            """;

    private ZshCompletion() {}

    static String of(CommandLine root) {
        var text = new StringBuilder(HEAD);
        root.getSubcommands()
                .forEach((name, command) -> text.append("        ")
                        .append(quoted(name + ":" + Completion.summary(command)))
                        .append('\n'));
        text.append(MIDDLE);
        root.getSubcommands().forEach((name, command) -> {
            text.append("    ").append(name).append(") _arguments");
            words(command.getCommandSpec())
                    .forEach(word -> text.append(" \\\n        ").append(quoted(word)));
            text.append(" ;;\n");
        });
        return text.append(TAIL).toString();
    }

    private static List<String> words(CommandSpec command) {
        var words = new ArrayList<String>();
        for (OptionSpec option : command.options()) {
            String what = "[" + help(option).replace("[", "\\[").replace("]", "\\]") + "]";
            boolean hasValue = option.arity().max() > 0;
            String value = hasValue ? ":" + option.paramLabel().replace(":", "\\:") + ":" + values(option) : "";
            words.add(option.longestName() + (hasValue ? "=" : "") + what + value);
        }
        for (PositionalParamSpec parameter : command.positionalParameters()) {
            words.add(
                    (parameter.arity().max() > 1 ? "*" : "") + ":" + parameter.paramLabel() + ":" + values(parameter));
        }
        return words;
    }

    private static String help(ArgSpec argument) {
        return ManualPage.plain(argument.description()[0]);
    }

    private static String values(ArgSpec argument) {
        if (Completion.isName(argument)) {
            return "_ramzswap_names";
        }
        if (Completion.isFile(argument)) {
            return "_files";
        }
        List<String> values = Completion.values(argument);
        return values.isEmpty() ? " " : "(" + String.join(" ", values).replace(":", "\\:") + ")";
    }

    private static String quoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }
}
