package dev.ramzswap.attach;

import dev.ramzswap.status.Json;
import java.util.List;
import java.util.Locale;

/**
 * What a check found.
 *
 * @param subject what was looked at
 * @param text what is there, and what follows from it
 * @param cure what to do about it; empty where all is well
 */
public record Finding(Level level, String subject, String text, String cure) {
    /** How bad it is: with a problem, the machine may freeze or lose what it swaps. */
    public enum Level {
        OK,
        WARNING,
        PROBLEM;

        private String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static Finding ok(String subject, String text) {
        return new Finding(Level.OK, subject, text, "");
    }

    static Finding warning(String subject, String text, String cure) {
        return new Finding(Level.WARNING, subject, text, cure);
    }

    static Finding problem(String subject, String text, String cure) {
        return new Finding(Level.PROBLEM, subject, text, cure);
    }

    Finding atMostWarning() {
        return level == Level.PROBLEM ? warning(subject, text, cure) : this;
    }

    /** One line for people. */
    @Override
    public String toString() {
        String line = String.format("%-8s %-22s %s", level.label(), subject, text);
        return cure.isEmpty() ? line : line + ": " + cure;
    }

    /** Whether nothing was found that forbids to swap. */
    public static boolean isSafe(List<Finding> findings) {
        return findings.stream().noneMatch(finding -> finding.level == Level.PROBLEM);
    }

    public static String json(List<Finding> findings) {
        return Json.array(findings.stream().map(Finding::object).toList());
    }

    private static String object(Finding finding) {
        var object = new Json();
        object.add("level", finding.level.label());
        object.add("subject", finding.subject);
        object.add("text", finding.text);
        object.add("cure", finding.cure);
        return object.toString();
    }
}
