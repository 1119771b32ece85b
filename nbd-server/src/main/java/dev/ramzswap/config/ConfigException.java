package dev.ramzswap.config;

/** What the user asked for cannot be: the message is one line that names the flag, the cause and the cure. */
public final class ConfigException extends Exception {
    private static final long serialVersionUID = 1L;

    public ConfigException(String message) {
        super(message);
    }
}
