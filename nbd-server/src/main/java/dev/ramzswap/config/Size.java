package dev.ramzswap.config;

import dev.ramzswap.store.StoreConfig;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Sizes as people write them, upper or lower case.
 *
 * <pre>
 *   size = least | part | bytes
 *   least = min(part or bytes, part or bytes)
 *   part = ram | ram / NUMBER | NUMBER%        of the memory that the machine has
 *   bytes = NUMBER | NUMBER UNIT               K, M, G or T, which are binary: 512M, 1.5G, 4GiB, 4Gi
 * </pre>
 *
 * A size is a multiple of 4096: a part and a fraction are rounded down to one, a whole number must be one.
 */
public final class Size {
    static final int GRAIN = 4096;
    static final long MAX_BYTES = 8L << 40;

    /** Stands for whatever is too large. */
    private static final BigDecimal BEYOND = BigDecimal.valueOf(2 * MAX_BYTES);

    private static final Pattern AROUND_SIGNS = Pattern.compile("\\s*([(),/%])\\s*");
    private static final Pattern LEAST = Pattern.compile("MIN\\(([^,()]+),([^,()]+)\\)");
    private static final Pattern PERCENT = Pattern.compile("(\\d{1,4}(?:\\.\\d{1,9})?)%");
    private static final Pattern PART = Pattern.compile("RAM(?:/(\\d{1,4}(?:\\.\\d{1,9})?))?");
    private static final Pattern UNITLESS = Pattern.compile("[\\d.]+");
    private static final Pattern FORM = Pattern.compile("(\\d{1,99})(\\.\\d{1,9})?(?:([KMGT])(?:IB?|B)?)?");
    private static final String UNITS = "KMGT";

    /** What a limit may be that is no size. */
    static final String NO_LIMIT = "none";

    private Size() {}

    /**
     * @param memory bytes that the machine has
     * @return {@value #GRAIN} to {@link #MAX_BYTES}
     * @throws IllegalArgumentException with a message for the user
     */
    static long parse(String text, long memory) {
        return parse(text, memory, MAX_BYTES);
    }

    /** Like {@link #parse(String, long)}, with another bound. */
    static long parse(String text, long memory, long most) {
        long bytes = value(text, memory);
        if (bytes > most) {
            throw new IllegalArgumentException(text + " is too large: " + format(most) + " is the most");
        }
        return bytes;
    }

    /** Like {@link #parse(String, long)}, or none. */
    static long limit(String text, long memory) {
        return text.equals(NO_LIMIT) ? StoreConfig.NO_LIMIT : parse(text, memory);
    }

    private static long value(String text, long memory) {
        String words = AROUND_SIGNS.matcher(text.strip()).replaceAll("$1").toUpperCase(Locale.ROOT);
        Matcher least = LEAST.matcher(words);
        if (least.matches()) {
            return Math.min(parseInMin(least.group(1), memory), parseInMin(least.group(2), memory));
        }
        return isRelative(words) ? part(text, words, memory) : bytes(text, words);
    }

    /** Whether it depends on the machine, which may have more memory or less tomorrow. */
    static boolean isRelative(String text) {
        return text.contains("%") || text.toUpperCase(Locale.ROOT).contains("RAM");
    }

    /** Others who have a min() take a bare number in it for mebibytes. */
    private static long parseInMin(String text, long memory) {
        if (UNITLESS.matcher(text).matches()) {
            throw new IllegalArgumentException("in min(..), " + text + " needs a unit, as in " + text + "M");
        }
        return value(text, memory);
    }

    private static long part(String text, String words, long memory) {
        Matcher percent = PERCENT.matcher(words);
        Matcher part = PART.matcher(words);
        BigDecimal bytes = BigDecimal.valueOf(memory);
        if (percent.matches()) {
            bytes = bytes.multiply(new BigDecimal(percent.group(1))).movePointLeft(2);
        } else if (part.matches()) {
            BigDecimal divisor = part.group(1) == null ? BigDecimal.ONE : new BigDecimal(part.group(1));
            if (divisor.signum() == 0) {
                throw new IllegalArgumentException(text + " divides by zero: write one such as ram/2");
            }
            bytes = bytes.divide(divisor, 0, RoundingMode.DOWN);
        } else {
            throw notASize(text);
        }
        return inGrains(text, roundedDown(text, bytes));
    }

    private static IllegalArgumentException notASize(String text) {
        return new IllegalArgumentException(
                "'" + text + "' is not a size: write one such as 512M, 1.5G, 4G, 50% or min(ram/2, 8G)");
    }

    private static long bytes(String text, String words) {
        Matcher form = FORM.matcher(words);
        if (!form.matches()) {
            throw notASize(text);
        }
        String unit = form.group(3);
        boolean fraction = form.group(2) != null;
        BigDecimal number = new BigDecimal(fraction ? form.group(1) + form.group(2) : form.group(1));
        BigDecimal exact = number.multiply(BigDecimal.valueOf(unit == null ? 1 : factor(UNITS.indexOf(unit))));
        return inGrains(text, fraction ? roundedDown(text, exact) : whole(exact));
    }

    private static long roundedDown(String text, BigDecimal exact) {
        long bytes = whole(exact.setScale(0, RoundingMode.DOWN));
        return bytes - bytes % GRAIN;
    }

    private static long whole(BigDecimal exact) {
        return exact.min(BEYOND).longValueExact();
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
