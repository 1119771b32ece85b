package dev.ramzswap.status;

import java.util.List;
import java.util.StringJoiner;

/** A flat JSON object as it is written: members one by one, then {@link #toString}. */
public final class Json {
    private final StringJoiner members = new StringJoiner(", ", "{", "}");

    public void add(String name, String value) {
        members.add(quoted(name) + ": " + quoted(value));
    }

    public void add(String name, long value) {
        members.add(quoted(name) + ": " + value);
    }

    @Override
    public String toString() {
        return members.toString();
    }

    /** An array of objects, one to a line. */
    public static String array(List<String> objects) {
        return objects.isEmpty() ? "[]\n" : "[\n  " + String.join(",\n  ", objects) + "\n]\n";
    }

    private static String quoted(String text) {
        var out = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }
}
