package dev.ramzswap.store;

import java.util.OptionalLong;

/** What of a store may change while it is in use. */
record Tuning(long limit, CodecSpec codec) {
    static Tuning of(StoreConfig config) {
        return new Tuning(config.limit(), config.codec());
    }

    /**
     * Makes a store's counters say what is to hold when it begins, or is taken over, by a configuration that says this:
     * what was to hold before, but for what is configured anew.
     *
     * @param known see {@link PageStore#open(StoreConfig, OptionalLong)}
     */
    Tuning begin(Counters counters, OptionalLong known) {
        CountersHead head = counters.head();
        boolean isFirst = head.timesConfigured() == 0;
        boolean isOutdated = !isFirst && known.isPresent() && known.getAsLong() != head.timesConfigured();
        Tuning configured = isOutdated ? head.configured() : this;
        Tuning tuning = isFirst ? this : configured.over(head);
        counters.setLimitThatHolds(head.limitThatHolds()); // First: it may be known only by what is written over here.
        counters.setLimit(tuning.limit);
        counters.setCodec(tuning.codec);
        if (!configured.equals(head.configured())) {
            counters.setConfigured(configured); // Last: who is killed before it is followed by one that finds it new.
        }
        return tuning;
    }

    /** What is to hold by this configuration, behind the one that a head has. */
    Tuning over(CountersHead head) {
        Tuning held = head.held();
        Tuning before = head.configured();
        return new Tuning(limit == before.limit ? held.limit : limit, codec.equals(before.codec) ? held.codec : codec);
    }
}
