package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.RecordTag;

/**
 * What a store is built on, for those who work on all of it.
 *
 * @param file null if there is none
 * @param tag seals records in the file; null if it is not encrypted
 */
record Parts(
        SlotMap map,
        RegionTable regions,
        RegionMemory regionMemory,
        Pool pool,
        BackingFile file,
        RecordTag tag,
        Counters counters) {}
