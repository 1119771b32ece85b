package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;

/**
 * What a store is built on, for those who work on all of it.
 *
 * @param file null if there is none
 */
record Parts(
        SlotMap map, RegionTable regions, RegionMemory regionMemory, Pool pool, BackingFile file, Counters counters) {}
