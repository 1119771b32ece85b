package dev.ramzswap.backing;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * What a backing file is made of. The three memories hold all its state: a later daemon that gives the same ones, with
 * the same path, takes over what is stored.
 *
 * @param path a plain file, made (0600) if it is missing, or a block device; at least {@link BackingSize#capacity}
 *     bytes of it are there, or can be
 * @param encrypt encrypt what is written from now on; what was written before is read as it was written
 * @param claim what of the device is the owner's already
 * @param table {@link BackingSize#tableBytes} of it, 8-byte aligned; all zeroes for a fresh start. Its size says how
 *     much of the device is used
 * @param staging {@link BackingFile#STAGING_BYTES}, 4096-byte aligned; any content for a fresh start
 * @param key {@link BackingFile#KEY_BYTES}; filled unless there is one that is to be kept, and read when the backing
 *     file is opened, not later
 */
public record BackingConfig(
        Path path, boolean encrypt, Claim claim, MemorySegment table, MemorySegment staging, MemorySegment key) {
    /** What a device may hold that is opened. */
    public enum Claim {
        /** The owner begins: any backing file is begun anew, and a device that cannot serve is a reason to fail. */
        ANY,

        /**
         * The owner takes over records that lie elsewhere, and had no backing file yet: a blank one, or one with his
         * own label, is begun. If it cannot serve, that fails, and he does without.
         */
        BLANK,

        /** An earlier daemon had begun it: it must have its label. If it cannot serve, what is left of it is read. */
        OWN
    }
}
