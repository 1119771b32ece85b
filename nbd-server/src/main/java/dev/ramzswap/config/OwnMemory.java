package dev.ramzswap.config;

/**
 * What a daemon that a kernel swaps on takes besides what its exports may hold, all of it locked: docs/figures.md has
 * what was measured.
 */
public final class OwnMemory {
    /** Of a device, at most, where {@code swapon} is not told otherwise. */
    public static final int USUAL_CONNECTIONS = 4;

    /** By one more, a daemon that has taken over rehearses. */
    private static final int REHEARSED = 1;

    private static final long CONNECTION_BYTES = 7L << 20;
    private static final long EMPTY_BYTES = 92L << 20;

    private OwnMemory() {}

    /** Bytes, if each export is a device with the usual connections. */
    public static long of(int exports) {
        return EMPTY_BYTES + (long) exports * USUAL_CONNECTIONS * CONNECTION_BYTES + REHEARSED * CONNECTION_BYTES;
    }
}
