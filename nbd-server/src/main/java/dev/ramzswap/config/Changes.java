package dev.ramzswap.config;

import dev.ramzswap.store.CodecSpec;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.StringJoiner;

/**
 * What {@code set} changes of a running export.
 *
 * @param limit resident bytes
 */
public record Changes(OptionalLong limit, Optional<CodecSpec> codec) {

    /** Reads pairs such as {@code limit=256M} and {@code codec=zstd:3}. */
    public static Changes parse(List<String> pairs) throws ConfigException {
        OptionalLong limit = OptionalLong.empty();
        Optional<CodecSpec> codec = Optional.empty();
        for (String pair : pairs) {
            String key = pair.substring(0, Math.max(pair.indexOf('='), 0));
            String text = pair.substring(pair.indexOf('=') + 1);
            try {
                switch (key) {
                    case "limit" -> limit = OptionalLong.of(Size.parse(text));
                    case "codec" -> codec = Optional.of(CodecSpec.parse(text));
                    default -> throw new IllegalArgumentException("can be set are limit=SIZE and codec=CODEC");
                }
            } catch (IllegalArgumentException e) {
                throw new ConfigException((key.isEmpty() ? pair : key) + ": " + e.getMessage());
            }
        }
        if (limit.isEmpty() && codec.isEmpty()) {
            throw new ConfigException("nothing to set: give limit=SIZE or codec=CODEC");
        }
        return new Changes(limit, codec);
    }

    /** The pairs again, as {@link #parse} reads them. */
    @Override
    public String toString() {
        var pairs = new StringJoiner(" ");
        limit.ifPresent(bytes -> pairs.add("limit=" + bytes));
        codec.ifPresent(spec -> pairs.add("codec=" + spec));
        return pairs.toString();
    }

    /** For people. */
    public String summary() {
        var parts = new StringJoiner(", ");
        limit.ifPresent(bytes -> parts.add("limit is " + Size.format(bytes)));
        codec.ifPresent(spec -> parts.add("codec is " + spec));
        return parts.toString();
    }
}
