package dev.ramzswap.backing;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * What a backing file is made of. The three memories hold all its state: a later daemon that gives the same ones, with
 * the same path, takes over what is stored.
 *
 * @param path a plain file, made (0600) if it is missing, or a block device; at least {@link BackingFile#capacity}
 *     bytes of it are there, or can be
 * @param encrypt encrypt what is written from now on; what was written before is read as it was written
 * @param isTakenOver the owner takes over records that lie elsewhere: a device that cannot serve is a lost one, and no
 *     reason to fail
 * @param table {@link BackingFile#tableBytes} of it, 8-byte aligned; all zeroes for a fresh start. Its size says how
 *     much of the device is used
 * @param staging {@link BackingFile#STAGING_BYTES}, 4096-byte aligned; any content for a fresh start
 * @param key {@link BackingFile#KEY_BYTES}; filled at a fresh start, and read when the backing file is opened, not
 *     later
 */
public record BackingConfig(
        Path path,
        boolean encrypt,
        boolean isTakenOver,
        MemorySegment table,
        MemorySegment staging,
        MemorySegment key) {}
