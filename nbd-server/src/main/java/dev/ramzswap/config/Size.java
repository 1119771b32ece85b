package dev.ramzswap.config;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Sizes as people write them: bytes, or a number with one of the binary units K, M, G and T ({@code 512M},
 * {@code 1.5G}, {@code 4GiB}). A size is a multiple of 4096: a fraction is rounded down to one, a whole number must be
 * one.
 */
public final class Size {
    static final int GRAIN = 4096;
    static final long MAX_BYTES = 8L << 40;

    private static final Pattern FORM = Pattern.compile("(\\d{1,18})(\\.\\d{1,9})?(?:([KMGT])(?:I?B)?)?");
    private static final String UNITS = "KMGT";

    private Size() {}

    /**
     * @return {@value #GRAIN} to {@link #MAX_BYTES}
     * @throws IllegalArgumentException with a message for the user
     */
    static long parse(String text) {
        return parse(text, MAX_BYTES);
    }

    /** Like {@link #parse(String)}, with another bound. */
    static long parse(String text, long most) {
        Matcher form = FORM.matcher(text.toUpperCase(Locale.ROOT));
        if (!form.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not a size: write one such as 512M, 1.5G or 4G");
        }
        String unit = form.group(3);
        boolean fraction = form.group(2) != null;
        BigDecimal number = new BigDecimal(fraction ? form.group(1) + form.group(2) : form.group(1));
        BigDecimal exact = number.multiply(BigDecimal.valueOf(unit == null ? 1 : factor(UNITS.indexOf(unit))));
        if (exact.compareTo(BigDecimal.valueOf(most)) > 0) {
            throw new IllegalArgumentException(text + " is too large: " + format(most) + " is the most");
        }
        long bytes = exact.setScale(0, RoundingMode.DOWN).longValueExact();
        if (fraction) {
            bytes -= bytes % GRAIN;
        }
        return inGrains(text, bytes);
    }

    private static long inGrains(String text, long bytes) {
        if (bytes <= 0) {
            throw new IllegalArgumentException(text + " is too small: one page, 4096 bytes, is the least");
        }
        if (bytes % GRAIN != 0) {
            long up = (bytes / GRAIN + 1) * GRAIN;
            throw new IllegalArgumentException(
                    text + " is not a multiple of the page size 4096: use " + up + " or a unit, as in 512M");
        }
        return bytes;
    }

    /**
     * As {@code zramctl} writes sizes: the largest unit that leaves a number of 1 or more, with at most one decimal.
     */
    public static String format(long bytes) {
        if (bytes < 1024) {
            return bytes + "B";
        }
        int unit = Math.min((63 - Long.numberOfLeadingZeros(bytes)) / 10, UNITS.length()) - 1;
        double number = (double) bytes / factor(unit);
        String digits = String.format(Locale.ROOT, "%.1f", number);
        return (digits.endsWith(".0") ? digits.substring(0, digits.length() - 2) : digits) + UNITS.charAt(unit);
    }

    private static long factor(int unit) {
        return 1L << 10 * (unit + 1);
    }
}
