package dev.ramzswap.cli;

import dev.ramzswap.config.Host;
import java.io.IOException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParseResult;

/** {@code ramzswap}: all commands. Exit status: 0, 1 for what failed at run time, 2 for what was asked wrongly. */
@Command(
        name = "ramzswap",
        description = "A compressed swap device in user space, served over NBD.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        subcommands = {
            ServeCommand.class,
            SwaponCommand.class,
            SwapoffCommand.class,
            StatusCommand.class,
            SetCommand.class,
            StopCommand.class,
            DoctorCommand.class,
            CommandLine.HelpCommand.class
        },
        footer = {
            "",
            "Examples:",
            "  sudo ramzswap swapon swap0 --size 4G --tune",
            "  sudo ramzswap swapoff swap0",
            "  ramzswap serve --size 1G --socket /run/ramzswap/swap0.sock",
            "  ramzswap serve --size 8G --limit 1G --codec zstd:3 \\",
            "      --backing-file /var/lib/ramzswap/swap0",
            "  ramzswap status",
            "  ramzswap set swap0 codec=zstd:3",
        })
public final class Main {
    private Main() {}

    public static void main(String[] args) throws IOException {
        System.exit(commandLine(Host.current()).execute(args));
    }

    /** The commands, as they run on a host; also what the manual pages and the shell completion are made of. */
    public static CommandLine commandLine(Host host) {
        OneLineErrors errors = new OneLineErrors();
        return new CommandLine(new Main(), new HostFactory(host))
                .setUsageHelpWidth(100)
                .setExpandAtFiles(false) // an argument is what it says
                .setExecutionStrategy(Main::execute)
                .setParameterExceptionHandler(errors)
                .setExecutionExceptionHandler(errors);
    }

    private static int execute(ParseResult parsed) {
        Integer status = CommandLine.executeHelpRequest(parsed);
        if (status == null) {
            return new CommandLine.RunLast().execute(parsed);
        }
        CommandLine command = parsed.commandSpec().commandLine();
        try {
            Output.flush(command);
        } catch (IOException e) {
            throw new CommandLine.ExecutionException(command, e.getMessage(), e);
        }
        return status;
    }

    /** Gives commands the host that they run on. */
    private record HostFactory(Host host) implements CommandLine.IFactory {
        @Override
        public <K> K create(Class<K> type) throws Exception {
            for (var constructor : type.getDeclaredConstructors()) {
                if (constructor.getParameterCount() == 1 && constructor.getParameterTypes()[0] == Host.class) {
                    return type.cast(constructor.newInstance(host));
                }
            }
            return CommandLine.defaultFactory().create(type);
        }
    }
}
