package dev.ramzswap.cli;

import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.ConfigFile;
import dev.ramzswap.config.Key;
import dev.ramzswap.config.Settings;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** What {@code serve} serves, by flags and file, for all commands that start a daemon. A flag for each {@link Key}. */
final class ServeOptions {
    private static final String MIXIN = "serve";
    private static final String EXPORT = "--export";
    private static final String CONFIG = "--config";

    /** All of them. */
    static final class OfServe implements IModelTransformer {
        @Override
        public CommandSpec transform(CommandSpec command) {
            return command.addMixin(MIXIN, flags(EnumSet.noneOf(Key.class)));
        }
    }

    /**
     * Without those that the kernel could do nothing with: it swaps by a Unix socket, without TLS, and writes; the name
     * is the command's own parameter, and the daemon always has {@code --swap}.
     */
    static final class OfSwapon implements IModelTransformer {
        private static final Set<Key> LEFT_OUT = EnumSet.of(
                Key.NAME,
                Key.READ_ONLY,
                Key.LISTEN,
                Key.TLS_CERT,
                Key.TLS_KEY,
                Key.TLS_CA,
                Key.LISTEN_TLS,
                Key.SOCKET_TLS,
                Key.INSECURE,
                Key.SWAP,
                Key.STANDBY);

        @Override
        public CommandSpec transform(CommandSpec command) {
            return command.addMixin(MIXIN, flags(LEFT_OUT));
        }
    }

    private final CommandSpec command;
    private final ParseResult parsed;

    /**
     * @param command one that has been parsed
     * @throws ParameterException if a flag without a value was given {@code =false}, which picocli has it match by
     */
    ServeOptions(CommandSpec command) {
        this.command = command;
        this.parsed = command.commandLine().getParseResult();
        for (OptionSpec option : given()) {
            if (Boolean.FALSE.equals(option.getValue())) {
                throw new ParameterException(
                        command.commandLine(), option.longestName() + "=false: leave it away, which means the same");
            }
        }
    }

    private static CommandSpec flags(Set<Key> leftOut) {
        CommandSpec flags = CommandSpec.create();
        for (Key key : Key.values()) {
            if (!leftOut.contains(key)) {
                if (key == Key.SOCKET) {
                    flags.addOption(export());
                }
                flags.addOption(flag(key));
            }
        }
        return flags.addOption(OptionSpec.builder(CONFIG)
                .paramLabel("FILE")
                .type(Path.class)
                .description("Read the same keys from a file, see ramzswap.conf(5); flags go before it.")
                .build());
    }

    private static OptionSpec flag(Key key) {
        var flag = OptionSpec.builder(key.flag()).description(key.help().replace("%", "%%"));
        String label = key.kind().label();
        if (label.isEmpty()) {
            return flag.type(boolean.class).build();
        }
        if (!key.kind().examples().isEmpty()) {
            flag.completionCandidates(key.kind().examples());
        }
        return flag.type(key.kind().isFile() ? Path.class : String.class)
                .paramLabel(label)
                .build();
    }

    private static OptionSpec export() {
        return OptionSpec.builder(EXPORT)
                .paramLabel("KEY=VALUE,...")
                .type(List.class)
                .auxiliaryTypes(String.class)
                .description("One of several exports, with the keys of a section of ramzswap.conf(5):"
                        + " name=a,size=1G,backing-file=/var/lib/a. Repeatable; the first is the default.")
                .build();
    }

    /** Whether a word gives a state directory, or a file that may. */
    static boolean mayNameStateDir(String word) {
        return word.startsWith(Key.STATE_DIR.flag()) || word.startsWith(CONFIG);
    }

    /** Whether the flags describe the only export, rather than --export or a file. */
    boolean describesOne() {
        return !parsed.hasMatchedOption(EXPORT) && !parsed.hasMatchedOption(CONFIG);
    }

    boolean hasFile() {
        return parsed.hasMatchedOption(CONFIG);
    }

    boolean isGiven(Key key) {
        return parsed.hasMatchedOption(key.flag());
    }

    /** Those of them that were given, each once; picocli has one as often as it was given. */
    List<OptionSpec> given() {
        var known = command.mixins().get(MIXIN).options();
        return parsed.matchedOptions().stream()
                .filter(known::contains)
                .distinct()
                .toList();
    }

    /**
     * What was asked for.
     *
     * @param besides what the command itself says, and no flag of these
     */
    Settings settings(Map<Key, String> besides) throws ConfigException {
        var settings = new Settings();
        addTo(settings, besides);
        return settings;
    }

    /** The same, added to what has been asked for; as much of it as can be understood. */
    void addTo(Settings settings, Map<Key, String> besides) throws ConfigException {
        for (var said : besides.entrySet()) {
            settings.flag(said.getKey().key(), said.getValue());
        }
        for (Key key : Key.values()) {
            if (isGiven(key)) {
                settings.flag(key.key(), text(key));
            }
        }
        for (String export : parsed.matchedOptionValue(EXPORT, List.<String>of())) {
            settings.export(export);
        }
        if (parsed.hasMatchedOption(CONFIG)) {
            settings.addMissing(ConfigFile.read(parsed.matchedOptionValue(CONFIG, null)));
        }
    }

    private String text(Key key) {
        return switch (key.kind()) {
            case YES -> "yes";
            case NO -> "no";
            default -> parsed.matchedOption(key.flag()).originalStringValues().getFirst();
        };
    }
}
