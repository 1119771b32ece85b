package dev.ramzswap.config;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The configuration file: lines of {@code key = value}, blank lines, comments from {@code #} on, which stands at the
 * start of a line or behind white space, and a section {@code [export NAME]} for each export. Keys before the first
 * section are the daemon's, or describe the only export.
 */
public final class ConfigFile {
    /** More is no configuration: a daemon that reads one anew, with its small heap, would end for want of memory. */
    private static final int MOST_BYTES = 64 << 10;

    private static final String BYTE_ORDER_MARK = "\uFEFF";

    private static final Pattern COMMENT = Pattern.compile("(^|\\s)#.*");

    private final String name;
    private final Settings settings = new Settings();
    private Map<String, Settings.Value> section;

    private ConfigFile(String name) {
        this.name = name;
    }

    public static Settings read(Path file) throws ConfigException {
        try {
            return parse(file.toString(), text(file).lines().toList());
        } catch (NoSuchFileException e) {
            throw new ConfigException("--config: " + file + " does not exist: give the path of a file");
        } catch (CharacterCodingException e) {
            throw new ConfigException("--config: " + file + " is not UTF-8 text: save it as that");
        } catch (IOException e) {
            throw new ConfigException(
                    "--config: cannot read " + file + " (" + e.getMessage() + "): check its permissions");
        }
    }

    private static String text(Path file) throws IOException, ConfigException {
        byte[] bytes = new SmallFile("--config", file, MOST_BYTES, "give a file of key = value lines").read();
        String text = StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(bytes))
                .toString();
        if (text.startsWith(BYTE_ORDER_MARK)) { // the package's generator, which reads it too, would not know it
            throw new ConfigException("--config: " + file + " begins with a byte order mark, which is not seen:"
                    + " save it as UTF-8 without one");
        }
        return text;
    }

    static Settings parse(String name, List<String> lines) throws ConfigException {
        ConfigFile file = new ConfigFile(name);
        for (int i = 0; i < lines.size(); i++) {
            file.line(withoutComment(lines.get(i)), name + ":" + (i + 1));
        }
        return file.settings;
    }

    private static String withoutComment(String line) {
        return COMMENT.matcher(line).replaceFirst("").strip();
    }

    private void line(String line, String place) throws ConfigException {
        if (line.isEmpty()) {
            return;
        }
        if (line.startsWith("[")) {
            section(line, place);
            return;
        }
        int equals = line.indexOf('=');
        if (equals < 1) {
            throw new ConfigException(place + ": '" + line + "' is not key=value: write size=1G or [export NAME]");
        }
        String key = line.substring(0, equals).strip();
        Settings.Value value = new Settings.Value(line.substring(equals + 1).strip(), place + " " + key);
        if (section == null) {
            settings.put(key, value);
        } else {
            Settings.put(section, key, value);
        }
    }

    private void section(String line, String place) throws ConfigException {
        if (!line.matches("\\[export\\s+\\S+\\s*]")) {
            throw new ConfigException(place + ": '" + line + "' is not a section: write [export NAME]");
        }
        String export = line.substring("[export".length(), line.length() - 1).strip();
        section = new LinkedHashMap<>();
        Settings.put(section, "name", new Settings.Value(export, place + " name"));
        settings.exports.add(section);
    }
}
