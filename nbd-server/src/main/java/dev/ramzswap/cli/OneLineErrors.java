package dev.ramzswap.cli;

import dev.ramzswap.config.Cause;
import dev.ramzswap.config.ConfigException;
import dev.ramzswap.daemon.StderrLogs;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says what is wrong in one line on stderr, without usage text or stack trace. */
final class OneLineErrors implements IParameterExceptionHandler, IExecutionExceptionHandler {
    @Override
    public int handleParseException(ParameterException e, String[] args) {
        int status = usage(
                e.getCommandLine(),
                e instanceof UnmatchedArgumentException unmatched
                        ? unmatched(unmatched)
                        : e.getMessage().replaceFirst("^Error: ", ""));
        return mayHavePages(e, args) ? ExitCode.SOFTWARE : status;
    }

    /** Whether it is the command line of a daemon that pages may wait for, see {@link ServeCommand}. */
    private static boolean mayHavePages(ParameterException e, String[] words) {
        List<String> meant = e instanceof UnmatchedArgumentException unmatched ? unmatched.getSuggestions() : List.of();
        List<String> all = Stream.concat(Stream.of(words), meant.stream()).toList();
        boolean isServe = switch (e.getCommandLine().getCommand()) {
            case ServeCommand _ -> true;
            case Main _ -> all.contains("serve"); // what is wrong stands before it, or it is misspelt
            default -> false;
        };
        return isServe && all.stream().anyMatch(ServeOptions::mayNameStateDir);
    }

    private static String unmatched(UnmatchedArgumentException e) {
        List<String> meant = e.getSuggestions();
        String cure = meant.isEmpty() ? "" : ", did you mean " + String.join(" or ", meant) + "?";
        String first = e.getUnmatched().getFirst();
        if (e.isUnknownOption()) {
            return "no option " + first + others(e.getCommandLine(), first).orElse(cure);
        }
        boolean isCommand = !e.getCommandLine().getSubcommands().isEmpty();
        return isCommand ? "no command '" + first + "'" + cure : "one word too many: '" + first + "'" + cure;
    }

    /** Which other commands have it: there, it is no typing error. */
    private static Optional<String> others(CommandLine command, String word) {
        String option = word.replaceFirst("=.*", "");
        List<String> others = command.getCommandSpec().root().subcommands().entrySet().stream()
                .filter(one -> one.getValue().getCommandSpec().findOption(option) != null)
                .map(Map.Entry::getKey)
                .toList();
        String verb = others.size() == 1 ? " has it" : " have it";
        return others.isEmpty() ? Optional.empty() : Optional.of(": only " + String.join(" and ", others) + verb);
    }

    @Override
    public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) throws Exception {
        return switch (e) {
            case ConfigException wrong -> usage(command, wrong.getMessage());
            case IOException wrong when Cause.isLasting(wrong) -> usage(command, Cause.of(wrong));
            case IOException failed -> failure(command, Cause.of(failed));
            case InterruptedException _ -> failure(command, "interrupted");
            default -> throw e;
        };
    }

    private static int usage(CommandLine command, String text) {
        print(command, text + " (see " + command.getCommandSpec().qualifiedName() + " --help)");
        return ExitCode.USAGE;
    }

    private static int failure(CommandLine command, String text) {
        print(command, text);
        return ExitCode.SOFTWARE;
    }

    private static void print(CommandLine command, String text) {
        StderrLogs.flush(); // what was logged came before
        command.getErr().println("ramzswap: " + text.replace('\n', ' ').replaceAll("\\p{Cntrl}", "?"));
    }
}
