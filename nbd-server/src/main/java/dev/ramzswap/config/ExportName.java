package dev.ramzswap.config;

import java.util.regex.Pattern;

/** What may be the name of an export. It is a part of file names, too, and so are those that a command is given. */
public final class ExportName {
    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,63}");

    private ExportName() {}

    static boolean isOne(String text) {
        return FORM.matcher(text).matches();
    }

    /**
     * The text, if it is one.
     *
     * @throws IllegalArgumentException with a message for the user, otherwise
     */
    public static String parse(String text) {
        if (!isOne(text)) {
            throw new IllegalArgumentException("'" + text
                    + "' is not a name: use 1 to 64 letters, digits, '.', '_' or '-', of which the first is neither"
                    + " '.' nor '-', as in swap0");
        }
        return text;
    }
}
