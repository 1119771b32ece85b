package dev.ramzswap.cli;

import dev.ramzswap.config.ConfigException;
import dev.ramzswap.daemon.StderrLogs;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.List;
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
        String text = e.getMessage().replaceFirst("^Error: ", "");
        if (e instanceof UnmatchedArgumentException unmatched) {
            List<String> meant = unmatched.getSuggestions();
            text += meant.isEmpty() ? "" : ", did you mean " + String.join(" or ", meant) + "?";
        }
        return usage(e.getCommandLine(), text);
    }

    @Override
    public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) throws Exception {
        return switch (e) {
            case ConfigException wrong -> usage(command, wrong.getMessage());
            case FileSystemException file -> failure(command, cause(file));
            case IOException failed -> failure(command, failed.getMessage());
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
        command.getErr().println("ramzswap: " + text.replace('\n', ' '));
    }

    /** These exceptions' own messages are often a bare path. */
    private static String cause(FileSystemException e) {
        if (e instanceof AccessDeniedException) {
            return e.getFile() + ": permission denied: use a path of your own, or sudo";
        }
        if (e instanceof NoSuchFileException) {
            return e.getFile() + ": no such file or directory";
        }
        return e.getFile() == null || e.getReason() == null ? e.toString() : e.getFile() + ": " + e.getReason();
    }
}
