package dev.ramzswap.store;

import dev.ramzswap.backing.BackingSize;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * How much memory a store may take, and whether that and its backing file can hold all of its slots in the worst case,
 * which is that no page compresses.
 */
final class Limit {
    private static final System.Logger LOG = System.getLogger(Limit.class.getName());

    private final StoreConfig config;

    /** Bytes of the backing file; 0 if nothing can go there, which may be found out late. */
    private final LongSupplier backingBytes;

    private final RegionTable regions;
    private final Counters counters;
    private volatile long bytes;

    Limit(StoreConfig config, LongSupplier backingBytes, Parts parts) {
        this.config = config;
        this.backingBytes = backingBytes;
        this.regions = parts.regions();
        this.counters = parts.counters();
    }

    long get() {
        return bytes;
    }

    /**
     * Changes it.
     *
     * @throws IllegalArgumentException with a message for the user, if it is lowered to less than the slots may take
     */
    void change(long bytes) {
        regions.lock.lock();
        try {
            require(bytes);
            counters.setLimit(bytes);
            set(bytes);
        } finally {
            regions.lock.unlock();
        }
    }

    /** @throws IllegalArgumentException with a message for the user, if {@link #change} would refuse it */
    void require(long bytes) {
        // After a takeover it may be too low already, with nothing left of the backing file: more is better than that.
        long file = backingBytes.getAsLong();
        Optional<String> lack = bytes < get() ? lack(config, bytes, file) : Optional.empty();
        lack.ifPresent(text -> {
            throw new IllegalArgumentException(text + "give a higher limit, or swap off and begin with "
                    + (file == 0 ? "--backing-file" : "a larger --backing-size") + " or --overcommit");
        });
    }

    /** Sets it, whether it is enough for the slots or not: what is told of it, and what is kept, under one lock. */
    void set(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("the limit must not be negative");
        }
        long regionBytes = bytes == StoreConfig.NO_LIMIT ? bytes : bytes - tableBytes(config.slots());
        regions.lock.lock();
        try {
            this.bytes = bytes;
            counters.setLimitThatHolds(bytes);
            regions.budget().set(regionBytes);
        } finally {
            regions.lock.unlock();
        }
    }

    /**
     * Sets the one of a store that is taken over. Where pages could not go to the backing file, the one of before stays
     * if it is higher: those that are there already would leave no room for others. To refuse the takeover would lose
     * all of them, for the sake of those that may not fit.
     *
     * @param before 0 if that is not known
     */
    void takeOver(long wanted, long before) {
        long file = backingBytes.getAsLong();
        Optional<String> reason = whyNot(wanted, file);
        long bytes = reason.isPresent() ? Math.max(wanted, before) : wanted;
        if (bytes > wanted) {
            warn(" keeps the limit that it had, not the lower one that is configured: " + reason.get());
        }
        lackOfRoom(config, bytes, file).ifPresent(lack -> warn(" is taken over all the same: " + lack));
        set(bytes);
    }

    private Optional<String> whyNot(long wanted, long file) {
        boolean isFileLost = config.backing().isPresent() && file == 0;
        return lackOfRoom(config, wanted, file)
                .or(() -> isFileLost ? Optional.of("nothing can go to its backing file") : Optional.empty());
    }

    private void warn(String what) {
        LOG.log(Level.WARNING, config.name() + what);
    }

    /** Bytes of the limit that are not the pool's regions: slot map and region table. */
    static long tableBytes(long slots) {
        return SlotMap.bytes(slots) + RegionEntries.bytes(Pool.bytes(slots) >>> Region.SHIFT);
    }

    /** Bytes that tables and pool take at most: the limit, or what the slots can need. */
    static long mostBytes(StoreConfig config) {
        return Math.min(config.limit(), tableBytes(config.slots()) + Pool.bytes(config.slots()));
    }

    /** How many pages certainly fit in the pool. */
    static long poolPages(long limit, long slots) {
        long most = Pool.bytes(slots);
        return Pool.rawPages(limit == StoreConfig.NO_LIMIT ? most : Math.min(limit - tableBytes(slots), most));
    }

    /** What to tell the user if the slots cannot be held in the worst case, and there is no overcommit. */
    static Optional<String> lackOfRoom(StoreConfig config, long limit, long backingBytes) {
        return lack(config, limit, backingBytes)
                .map(text -> text + "give a higher limit, a larger backing file, or --overcommit");
    }

    private static Optional<String> lack(StoreConfig config, long limit, long backingBytes) {
        long pages = config.overcommit() ? 0 : config.slots() - poolPages(limit, config.slots());
        long missing = pages > 0 ? BackingSize.bytesFor(pages, Record.MAX_BYTES) - backingBytes : 0;
        return missing <= 0
                ? Optional.empty()
                : Optional.of("pages that do not compress would not fit: " + config.slots()
                        + " slots of 4 KiB, limit and backing file hold " + Math.ceilDiv(missing, 1 << 20)
                        + " MiB too little: ");
    }
}
