package dev.ramzswap.store;

/**
 * Which codec compresses new pages: {@code lz4}, or {@code zstd} with a level.
 *
 * @param level zstd's level, {@value #MIN_LEVEL} to {@value #MAX_LEVEL}; 0 for LZ4, which has none
 */
public record CodecSpec(Kind kind, int level) {
    public static final int MIN_LEVEL = 1;
    public static final int MAX_LEVEL = 19;
    static final int DEFAULT_LEVEL = 1;

    public static final CodecSpec LZ4 = new CodecSpec(Kind.LZ4, 0);

    /** The codec families. */
    public enum Kind {
        LZ4,
        ZSTD
    }

    /**
     * Reads {@code lz4}, {@code zstd} or {@code zstd:LEVEL}.
     *
     * @throws IllegalArgumentException with a message for the user, if it is none of them
     */
    public static CodecSpec parse(String text) {
        if (text.equals("lz4")) {
            return LZ4;
        }
        if (text.equals("zstd")) {
            return new CodecSpec(Kind.ZSTD, DEFAULT_LEVEL);
        }
        if (text.matches("zstd:\\d{1,2}")) {
            int level = Integer.parseInt(text.substring("zstd:".length()));
            if (level >= MIN_LEVEL && level <= MAX_LEVEL) {
                return new CodecSpec(Kind.ZSTD, level);
            }
        }
        throw new IllegalArgumentException(
                "'" + text + "' is not a codec: use lz4, zstd or zstd:LEVEL with LEVEL from 1 to 19");
    }

    @Override
    public String toString() {
        return kind == Kind.LZ4 ? "lz4" : "zstd:" + level;
    }
}
