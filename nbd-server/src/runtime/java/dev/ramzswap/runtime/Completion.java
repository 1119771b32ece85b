package dev.ramzswap.runtime;

import dev.ramzswap.cli.ExportNames;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;

/** What shells offer behind an option or for a parameter. */
final class Completion {
    /** Of bash. */
    private static final String NAMES =
            "$(for file in /run/ramzswap/*.export \"${XDG_RUNTIME_DIR:-/nowhere}\"/ramzswap/*.export; do"
                    + " [ -e \"$file\" ] && basename \"$file\" .export; done)";

    private Completion() {}

    /** Without picocli's first line: it is read by a shell, not run. */
    static String bash(CommandLine root) {
        return AutoComplete.bash("ramzswap", root)
                .replaceFirst("^#!.*\n", "")
                .replace("\"" + ExportNames.MARK + "\"", NAMES);
    }

    /** A command's first sentence. */
    static String summary(CommandLine command) {
        var texts = command.getCommandSpec().usageMessage();
        String text = texts.header().length > 0 ? texts.header()[0] : texts.description()[0];
        return ManualPage.plain(text).replaceFirst("\\.( .*)?$", "");
    }

    static boolean isName(ArgSpec argument) {
        return values(argument).contains(ExportNames.MARK);
    }

    static boolean isFile(ArgSpec argument) {
        return argument.type() == Path.class || argument.paramLabel().equals("DEVICE");
    }

    static List<String> values(ArgSpec argument) {
        var values = new ArrayList<String>();
        if (argument.completionCandidates() != null) {
            argument.completionCandidates().forEach(values::add);
        }
        return values;
    }
}
