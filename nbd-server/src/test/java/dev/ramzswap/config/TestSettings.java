package dev.ramzswap.config;

/** Settings of a few words. */
public final class TestSettings {
    private TestSettings() {}

    /** @param pairs {@code KEY=VALUE} of a flag, or {@code export=} and what describes one */
    public static Settings of(String... pairs) throws ConfigException {
        var settings = new Settings();
        for (String pair : pairs) {
            String[] parts = pair.split("=", 2);
            if (parts[0].equals("export")) {
                settings.export(parts[1]);
            } else {
                settings.flag(parts[0], parts[1]);
            }
        }
        return settings;
    }
}
