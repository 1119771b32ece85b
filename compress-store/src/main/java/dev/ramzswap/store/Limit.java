package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;

/**
 * How much memory a store may take, and whether that and its backing file can hold all of its slots in the worst case,
 * which is that no page compresses.
 */
final class Limit {
    private final StoreConfig config;

    /** Bytes of the backing file; 0 if there is none. */
    private final long backingBytes;

    private final RegionTable regions;
    private final Counters counters;
    private volatile long bytes;

    Limit(StoreConfig config, long backingBytes, Parts parts) {
        this.config = config;
        this.backingBytes = backingBytes;
        this.regions = parts.regions();
        this.counters = parts.counters();
    }

    long get() {
        return bytes;
    }

    void set(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("the limit must not be negative");
        }
        requireRoomForAll(config, bytes, backingBytes);
        this.bytes = bytes;
        boolean isUnlimited = bytes == StoreConfig.NO_LIMIT;
        counters.setLimit(isUnlimited ? 0 : bytes);
        long regionBytes = isUnlimited ? StoreConfig.NO_LIMIT : bytes - tableBytes(config.slots());
        regions.lock.lock();
        try {
            regions.budget().set(regionBytes);
        } finally {
            regions.lock.unlock();
        }
    }

    /** Bytes of the limit that are not the pool's regions: slot map and region table. */
    private static long tableBytes(long slots) {
        return SlotMap.bytes(slots) + RegionEntries.bytes(Pool.bytes(slots) >>> Region.SHIFT);
    }

    /** How many pages certainly fit in the pool. */
    static long poolPages(long limit, long slots) {
        long most = Pool.bytes(slots);
        return Pool.rawPages(limit == StoreConfig.NO_LIMIT ? most : Math.min(limit - tableBytes(slots), most));
    }

    /**
     * Checks that the slots can be held in the worst case.
     *
     * @throws IllegalArgumentException with a message for the user, if they cannot and there is no overcommit
     */
    static void requireRoomForAll(StoreConfig config, long limit, long backingBytes) {
        if (config.overcommit()) {
            return;
        }
        long missing = config.slots() - poolPages(limit, config.slots());
        if (missing > 0 && BackingFile.bytesFor(missing, Record.MAX_BYTES) > backingBytes) {
            long mib = Math.ceilDiv(BackingFile.bytesFor(missing, Record.MAX_BYTES) - backingBytes, 1 << 20);
            throw new IllegalArgumentException("pages that do not compress would not fit: " + config.slots()
                    + " slots of 4 KiB, limit and backing file hold " + mib
                    + " MiB too little; raise the limit or the backing file's size, or allow overcommit");
        }
    }
}
