package dev.ramzswap.store;

import java.nio.file.Path;
import java.util.Optional;

/** A {@link StoreConfig} with defaults, for tests. */
final class TestConfig {
    private final long slots;
    private long limit = StoreConfig.NO_LIMIT;
    private CodecSpec codec = CodecSpec.LZ4;
    private Optional<StoreConfig.Backing> backing = Optional.empty();
    private boolean isOvercommitted;
    private Optional<Path> stateDirectory = Optional.empty();

    TestConfig(long slots) {
        this.slots = slots;
    }

    TestConfig limit(long bytes) {
        limit = bytes;
        return this;
    }

    TestConfig codec(String spec) {
        codec = CodecSpec.parse(spec);
        return this;
    }

    TestConfig backing(Path file) {
        backing = Optional.of(new StoreConfig.Backing(file, StoreConfig.WORST_CASE, true));
        return this;
    }

    TestConfig overcommit() {
        isOvercommitted = true;
        return this;
    }

    TestConfig stateDirectory(Path directory) {
        stateDirectory = Optional.of(directory);
        return this;
    }

    StoreConfig build() {
        return new StoreConfig(
                "test", slots, limit, codec, StoreConfig.DEFAULT_CUTOFF, backing, isOvercommitted, stateDirectory);
    }
}
