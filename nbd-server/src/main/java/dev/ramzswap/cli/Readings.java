package dev.ramzswap.cli;

import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.Key;
import dev.ramzswap.config.Settings;
import dev.ramzswap.config.StateDir;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What {@code serve} was asked for, each time that it was read: a file may be changed in between. */
final class Readings {
    private final ServeOptions options;
    private final List<Reading> all = new ArrayList<>();

    /** @param isWhole whether all of it could be understood */
    private record Reading(Settings settings, boolean isWhole) {}

    Readings(ServeOptions options) {
        this.options = options;
    }

    /** @throws ConfigException if it cannot be understood */
    Settings read() throws ConfigException {
        var settings = new Settings();
        boolean isWhole = false;
        try {
            options.addTo(settings, Map.of());
            isWhole = true;
            return settings;
        } finally {
            all.add(new Reading(settings, isWhole));
        }
    }

    /** Whether pages may wait for a daemon as any of them describes it. */
    boolean mayHavePages() {
        return all.stream().anyMatch(this::mayHavePages);
    }

    /** A file that cannot be understood may name a state directory. */
    private boolean mayHavePages(Reading reading) {
        boolean mayNameDirectory = !reading.isWhole() && options.hasFile() && !options.isGiven(Key.STATE_DIR);
        return mayNameDirectory || StateDir.mayHavePages(reading.settings(), reading.isWhole());
    }
}
