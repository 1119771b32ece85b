package dev.ramzswap.config;

import dev.ramzswap.store.CodecSpec;
import dev.ramzswap.store.PageStore;
import dev.ramzswap.store.StoreConfig;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One export, understood and checked.
 *
 * @param size bytes, a multiple of 4096
 * @param limit resident bytes, or {@link StoreConfig#NO_LIMIT}
 * @param cutoff bytes, 1 to 4096
 */
public record ExportConfig(
        String name,
        long size,
        long limit,
        CodecSpec codec,
        int cutoff,
        Optional<StoreConfig.Backing> backing,
        boolean overcommit,
        boolean readOnly,
        AllowList allowed) {

    public StoreConfig store(Config config) {
        return new StoreConfig(
                name,
                size / PageStore.SLOT_BYTES,
                limit,
                codec,
                cutoff,
                backing,
                overcommit,
                config.protection().ahead(),
                config.stateDir());
    }

    /** What of it may differ from what is served. */
    public Changes changes() {
        return new Changes(OptionalLong.of(limit), Optional.of(codec));
    }

    /** One line for people. */
    public String summary() {
        var text = new StringBuilder("export " + name + ": " + Size.format(size) + ", " + codec);
        text.append(limit == StoreConfig.NO_LIMIT ? ", no limit" : ", limit " + Size.format(limit));
        backing.ifPresent(file -> text.append(", backing file ").append(file.path()));
        backing.filter(file -> !file.encrypt()).ifPresent(file -> text.append(" (not encrypted)"));
        return text.append(overcommit ? ", overcommitted" : "")
                .append(readOnly ? ", read-only" : "")
                .toString();
    }
}
