package dev.ramzswap.bench;

import java.util.Locale;

/**
 * One part of a load, written {@code NAME} or {@code NAME@DEPTH}.
 *
 * @param depth requests in flight on each connection
 */
record Phase(Kind kind, int depth) {
    /** Enough for any server, and little enough for replies of whole pages to need no more memory than a few MiB. */
    static final int MAX_DEPTH = 512;

    enum Kind {
        /** Writes every slot once, in order. */
        FILL,
        /** Reads every slot once, in order. */
        SEQREAD,
        /** Trims every fourth slot, in order; it must read as zeroes from then on. */
        TRIM,
        /** Random reads for a time. */
        READ,
        /** Random overwrites for a time. */
        REWRITE,
        /** Random reads and overwrites, half and half, for a time. */
        MIX;

        boolean sequential() {
            return this == FILL || this == SEQREAD || this == TRIM;
        }

        int step() {
            return this == TRIM ? 4 : 1;
        }
    }

    static Phase parse(String text, int defaultDepth) {
        int at = text.indexOf('@');
        String name = at < 0 ? text : text.substring(0, at);
        try {
            Kind kind = Kind.valueOf(name.toUpperCase(Locale.ROOT));
            int depth = at < 0 ? defaultDepth : Integer.parseInt(text.substring(at + 1));
            if (depth >= 1 && depth <= MAX_DEPTH) {
                return new Phase(kind, depth);
            }
        } catch (IllegalArgumentException e) {
            // Falls through to the one message for all that can be wrong.
        }
        throw new IllegalArgumentException(
                "'" + text + "' is not a phase: use fill, seqread, trim, read, rewrite or mix,"
                        + " or NAME@DEPTH with DEPTH from 1 to " + MAX_DEPTH);
    }

    @Override
    public String toString() {
        return kind.name().toLowerCase(Locale.ROOT) + "@" + depth;
    }
}
