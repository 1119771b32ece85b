package dev.ramzswap.config;

import dev.ramzswap.store.CodecSpec;
import dev.ramzswap.store.StoreConfig;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.StringJoiner;

/**
 * What {@code set} changes of a running export.
 *
 * @param limit resident bytes, or {@link StoreConfig#NO_LIMIT}
 */
public record Changes(OptionalLong limit, Optional<CodecSpec> codec) {
    private static final String CURE = "give " + String.join(" or ", Key.changes());

    /**
     * Reads pairs such as {@code limit=256M} and {@code codec=zstd:3}.
     *
     * @param memory bytes that the machine has
     */
    public static Changes parse(List<String> pairs, long memory) throws ConfigException {
        OptionalLong limit = OptionalLong.empty();
        Optional<CodecSpec> codec = Optional.empty();
        for (String pair : pairs) {
            Key key = key(pair);
            if (key == Key.LIMIT ? limit.isPresent() : codec.isPresent()) {
                throw new ConfigException(key.key() + ": is given twice: give it once");
            }
            String text = pair.substring(pair.indexOf('=') + 1);
            try {
                if (key == Key.LIMIT) {
                    limit = OptionalLong.of(Size.limit(text, memory));
                } else {
                    codec = Optional.of(CodecSpec.parse(text));
                }
            } catch (IllegalArgumentException e) {
                throw new ConfigException(key.key() + ": " + e.getMessage());
            }
        }
        if (limit.isEmpty() && codec.isEmpty()) {
            throw new ConfigException("nothing to set: " + CURE);
        }
        return new Changes(limit, codec);
    }

    private static Key key(String pair) throws ConfigException {
        if (pair.indexOf('=') < 0) {
            throw new ConfigException(pair + ": is not key=value: " + CURE);
        }
        String name = pair.substring(0, pair.indexOf('='));
        Key key = Key.of(name).orElseThrow(() -> new ConfigException(name + ": is not a key: " + CURE));
        if (key.scope() != Key.Scope.RUNNING) {
            throw new ConfigException(name + ": cannot change while the daemon runs: " + CURE);
        }
        return key;
    }

    /** The pairs again, as {@link #parse} reads them. */
    @Override
    public String toString() {
        var pairs = new StringJoiner(" ");
        limit.ifPresent(bytes -> pairs.add("limit=" + (bytes == StoreConfig.NO_LIMIT ? Size.NO_LIMIT : bytes)));
        codec.ifPresent(spec -> pairs.add("codec=" + spec));
        return pairs.toString();
    }

    /** For people. */
    public String summary() {
        var parts = new StringJoiner(", ");
        limit.ifPresent(
                bytes -> parts.add(bytes == StoreConfig.NO_LIMIT ? "no limit" : "limit is " + Size.format(bytes)));
        codec.ifPresent(spec -> parts.add("codec is " + spec));
        return parts.toString();
    }
}
