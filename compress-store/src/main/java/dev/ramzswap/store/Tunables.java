package dev.ramzswap.store;

import java.util.OptionalLong;

/**
 * What of a store may change while it is in use, its limit and its codec: by hand, and by a configuration that was read
 * anew. What was set by hand holds until a configuration has it otherwise than the last one. The counters have both,
 * for whoever takes over.
 */
public final class Tunables {
    private final Limit limit;
    private final Counters counters;
    private final Keeper keeper;
    private volatile CodecSpec codec;

    Tunables(Limit limit, Counters counters, Keeper keeper) {
        this.limit = limit;
        this.counters = counters;
        this.keeper = keeper;
    }

    /** Has the counters say what is to hold, see {@link Tuning#begin}; {@link #begin} or {@link #takeOver} sets it. */
    Tuning tell(StoreConfig config, OptionalLong known) {
        return Tuning.of(config).begin(counters, known);
    }

    /** Sets that of a store that begins. */
    void begin(Tuning tuning) {
        limit.set(tuning.limit());
        setCodec(tuning.codec());
    }

    /** The same of one that is taken over, see {@link Limit#takeOver}. */
    void takeOver(Tuning tuning, long limitBefore) {
        limit.takeOver(tuning.limit(), limitBefore);
        setCodec(tuning.codec());
    }

    long limit() {
        return limit.get();
    }

    /** See {@link PageStore#setLimit}. */
    void setLimit(long bytes) {
        limit.change(bytes);
        keeper.reconsider();
    }

    CodecSpec codec() {
        return codec;
    }

    /** See {@link PageStore#setCodec}. */
    void setCodec(CodecSpec codec) {
        this.codec = codec;
        counters.setCodec(codec);
    }

    /**
     * Checks the limit of a configuration without setting it.
     *
     * @throws IllegalArgumentException if {@link #configure} would refuse it
     */
    public void requireConfigurable(long bytes) {
        if (isNewLimit(bytes)) {
            limit.require(bytes);
        }
    }

    /** Whether {@link #configure} sets it: not what was to hold already, of which the takeover has said what came. */
    public boolean isNewLimit(long bytes) {
        return bytes != counters.head().held().limit();
    }

    /**
     * Changes both to what is configured now, and has whoever takes over know that this is.
     *
     * @throws IllegalArgumentException if {@link PageStore#setLimit} refuses the limit
     */
    public void configure(long bytes, CodecSpec codec) {
        tune(new Tuning(bytes, codec), new Tuning(bytes, codec));
    }

    /** The same of only what the configuration has otherwise than the last one, as with {@link PageStore#open}. */
    public void catchUp(long bytes, CodecSpec codec) {
        Tuning configured = new Tuning(bytes, codec);
        CountersHead head = counters.head();
        if (!configured.equals(head.configured())) {
            tune(configured.over(head), configured);
        }
    }

    /** Whether {@link #catchUp} sets this limit. */
    public boolean isNewLimitToCatchUp(long bytes) {
        return isNewLimit(new Tuning(bytes, codec).over(counters.head()).limit());
    }

    private void tune(Tuning tuning, Tuning configured) {
        if (isNewLimit(tuning.limit())) {
            setLimit(tuning.limit());
        }
        setCodec(tuning.codec());
        counters.setConfigured(configured);
    }
}
