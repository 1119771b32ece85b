package dev.ramzswap.config;

import dev.ramzswap.config.Key.Scope;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the user wrote, not yet understood: texts by key, each with the place it came from, so that every error can name
 * it. Flags, {@code --export} and the configuration file share these keys. Some describe the daemon, some an export;
 * those of an export that stand alone (not in an {@code --export} or a section) describe the only export.
 */
public final class Settings {
    /**
     * @param text as written
     * @param origin where: {@code --size}, {@code --export size} or {@code FILE:LINE size}
     */
    record Value(String text, String origin) {}

    final Map<String, Value> daemon = new LinkedHashMap<>();
    final Map<String, Value> single = new LinkedHashMap<>();
    final List<Map<String, Value>> exports = new ArrayList<>();

    /** Sets a key as its flag does. */
    public void flag(String key, String text) throws ConfigException {
        put(key, new Value(text, Key.of(key).map(Key::flag).orElse("--" + key)));
    }

    /** Adds an export as {@code --export} gives it: {@code name=a,size=1G,...}. */
    public void export(String list) throws ConfigException {
        Map<String, Value> export = new LinkedHashMap<>();
        for (String pair : list.split(",", -1)) {
            int equals = pair.indexOf('=');
            String key = pair.substring(0, Math.max(equals, 0)).strip();
            if (key.isEmpty()) {
                throw new ConfigException("--export: '" + pair + "' is not key=value: write name=swap0,size=1G");
            }
            put(export, key, new Value(pair.substring(equals + 1).strip(), "--export " + key));
        }
        exports.add(export);
    }

    /** Puts a key that stands alone where it belongs. */
    void put(String key, Value value) throws ConfigException {
        Optional<Key> known = Key.of(key);
        if (known.isEmpty()) {
            throw new ConfigException(value.origin() + ": is not a key: a daemon has " + Key.list(Scope.DAEMON)
                    + "; an export has " + Key.list(Scope.EXPORT, Scope.RUNNING));
        }
        putOnce(known.get().scope() == Scope.DAEMON ? daemon : single, key, value);
    }

    static void put(Map<String, Value> export, String key, Value value) throws ConfigException {
        Optional<Key> known = Key.of(key);
        if (known.isEmpty() || known.get().scope() == Scope.DAEMON) {
            throw new ConfigException(value.origin()
                    + (known.isEmpty() ? ": is not a key" : ": belongs to the daemon, not to an export")
                    + ": an export has " + Key.list(Scope.EXPORT, Scope.RUNNING));
        }
        putOnce(export, key, value);
    }

    private static void putOnce(Map<String, Value> values, String key, Value value) throws ConfigException {
        Value before = values.putIfAbsent(key, value);
        if (before != null) {
            throw new ConfigException(
                    value.origin() + ": given twice, '" + before.text() + "' and '" + value.text() + "': give it once");
        }
    }

    /** As they were written, of the exports that are described; also of a single one that is so beside others. */
    Set<String> names() {
        var names = new HashSet<String>();
        if (exports.isEmpty() || single.containsKey("name")) {
            names.add(ExportReader.name(single));
        }
        exports.forEach(export -> names.add(ExportReader.name(export)));
        return names;
    }

    /** Takes from another what is not set here: flags go before the file. */
    public void addMissing(Settings other) throws ConfigException {
        other.daemon.forEach(daemon::putIfAbsent);
        other.single.forEach(single::putIfAbsent);
        if (exports.isEmpty()) {
            exports.addAll(other.exports);
        } else if (!other.exports.isEmpty()) {
            var keys = new TreeSet<String>();
            other.exports.getFirst().values().forEach(value -> keys.add(value.origin()));
            throw new ConfigException(
                    "--export: the file has exports as well (" + keys.first() + "): describe all of them in one place");
        }
    }
}
