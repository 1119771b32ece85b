package dev.ramzswap.config;

import dev.ramzswap.config.Settings.Value;
import dev.ramzswap.store.CodecSpec;
import dev.ramzswap.store.PageStore;
import dev.ramzswap.store.StoreConfig;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Understands the texts of one export, and checks what can be checked without asking the machine. */
final class ExportReader {
    static final String DEFAULT_NAME = "swap0";

    /** What Java makes of bytes that are no character: a path with one would name another file. */
    private static final char NOT_UTF_8 = '\ufffd';

    private static final Pattern PERCENT = Pattern.compile("\\d{1,3}%");

    private final Map<String, Value> values;
    private final String flag;
    private final Host host;
    private final Optional<Path> stateDir;

    /**
     * @param flag whom to blame for what is missing: {@code --export} or {@code --size}
     * @param stateDir where an earlier daemon may have left the export
     */
    ExportReader(Map<String, Value> values, String flag, Host host, Optional<Path> stateDir) {
        this.values = values;
        this.flag = flag;
        this.host = host;
        this.stateDir = stateDir;
    }

    ExportConfig read() throws ConfigException {
        if (!values.containsKey("size")) {
            throw new ConfigException(flag + ": " + missingSize());
        }
        return new ExportConfig(
                read("name", ExportName::parse, DEFAULT_NAME),
                read("size", this::deviceSize, 0L),
                read("limit", text -> Size.limit(text, host.memory()), StoreConfig.NO_LIMIT),
                read("codec", CodecSpec::parse, CodecSpec.LZ4),
                read("cutoff", ExportReader::cutoff, StoreConfig.DEFAULT_CUTOFF),
                backing(),
                read("overcommit", ExportReader::yes, false),
                read("read-only", ExportReader::yes, false),
                AllowList.of(
                        read("allow-users", AllowList::users, Set.of()),
                        read("allow-groups", AllowList::groups, Set.of()),
                        host));
    }

    private String missingSize() {
        if (flag.equals("--size")) {
            return "missing: say how large the device is, as in --size 1G";
        }
        Value name = values.get("name");
        return "export " + (name == null ? "" : name.text() + " ") + "has no size: add one, as in size=1G";
    }

    private Optional<StoreConfig.Backing> backing() throws ConfigException {
        if (!values.containsKey("backing-file")) {
            for (String key : new String[] {"backing-size", "encrypt"}) {
                if (values.containsKey(key)) {
                    throw new ConfigException(
                            values.get(key).origin() + ": there is no backing file: give backing-file as well");
                }
            }
            return Optional.empty();
        }
        return Optional.of(new StoreConfig.Backing(
                read("backing-file", ExportReader::file, Path.of("")),
                read("backing-size", this::size, StoreConfig.WORST_CASE),
                read("encrypt", ExportReader::yes, true)));
    }

    /** Understands a text, or throws an IllegalArgumentException with a message for the user. */
    interface Parser<T> {
        T parse(String text);
    }

    private <T> T read(String key, Parser<T> parser, T otherwise) throws ConfigException {
        return read(values, key, parser).orElse(otherwise);
    }

    static <T> Optional<T> read(Map<String, Value> values, String key, Parser<T> parser) throws ConfigException {
        Value value = values.get(key);
        if (value == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(parser.parse(value.text()));
        } catch (IllegalArgumentException e) {
            throw new ConfigException(value.origin() + ": " + e.getMessage());
        }
    }

    /**
     * A part of the memory is reckoned once, by the first daemon: the machine may have more or less when a later one
     * takes over (a balloon, a module of memory), and what it takes over must be as large.
     */
    private long deviceSize(String text) {
        long bytes = Size.parse(text, host.memory(), PageStore.MOST_BYTES);
        if (!Size.isRelative(text) || stateDir.isEmpty()) {
            return bytes;
        }
        return StateDir.sizeOf(stateDir.get(), name(values)).orElse(bytes);
    }

    /** As it was written. */
    static String name(Map<String, Value> export) {
        return export.containsKey("name") ? export.get("name").text() : DEFAULT_NAME;
    }

    private long size(String text) {
        return Size.parse(text, host.memory());
    }

    private static int cutoff(String text) {
        int bytes = 0;
        if (PERCENT.matcher(text).matches()) {
            bytes = PageStore.SLOT_BYTES * Integer.parseInt(text.substring(0, text.length() - 1)) / 100;
        } else if (text.matches("\\d{1,4}")) {
            bytes = Integer.parseInt(text);
        }
        if (bytes < 1 || bytes > PageStore.SLOT_BYTES) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not a part of a page: give 1 to 4096 bytes, or a percentage such as 75%");
        }
        return bytes;
    }

    static boolean yes(String text) {
        return switch (text) {
            case "yes", "true" -> true;
            case "no", "false" -> false;
            default -> throw new IllegalArgumentException("'" + text + "' is neither yes nor no: write one of them");
        };
    }

    /** The path of what is, or will be, in some directory: the root directory is in none. */
    static Path file(String text) {
        Path path = path(text);
        if (path.getFileName() == null) {
            throw new IllegalArgumentException("'" + text + "' is the root directory: give the path of a file");
        }
        return path;
    }

    static Path path(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("the path is empty: give one");
        }
        if (text.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("the path has a control character: give another");
        }
        try {
            Path path = Path.of(text).toAbsolutePath().normalize();
            if (path.toString().indexOf(NOT_UTF_8) >= 0) {
                throw new IllegalArgumentException("'" + path + "' is not UTF-8: give a path that is");
            }
            return path;
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("'" + e.getInput() + "' is not a path: " + e.getReason(), e);
        }
    }
}
