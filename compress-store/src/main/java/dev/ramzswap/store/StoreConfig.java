package dev.ramzswap.store;

import dev.ramzswap.backing.Medium;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What one page store is made of.
 *
 * @param name the export's name, for messages and file names
 * @param slots number of 4 KiB slots
 * @param limit resident bytes that the pool may reach, metadata and fragmentation included; {@link #NO_LIMIT} for as
 *     much as {@code slots} can need
 * @param codec compresses new pages
 * @param cutoff a page that does not compress to fewer bytes than this is kept raw, 1 to 4096
 * @param backing takes what the pool does not keep
 * @param overcommit accept more slots than limit and backing file can hold in the worst case
 * @param ahead bytes of pool memory to keep populated ahead of the stores; with 0, stores fault memory in themselves.
 *     Above 0, nothing on the way of a page takes new memory: a page that finds none populated goes to the backing file
 * @param stateDir where map, pool and counters lie as files that outlive the process; empty for memory files
 */
public record StoreConfig(
        String name,
        long slots,
        long limit,
        CodecSpec codec,
        int cutoff,
        Optional<Backing> backing,
        boolean overcommit,
        long ahead,
        Optional<Path> stateDir) {
    public static final long NO_LIMIT = Long.MAX_VALUE;

    /** Three quarters of a page: above it, keeping the page compressed saves too little to pay for the codec. */
    public static final int DEFAULT_CUTOFF = 3 * PageStore.SLOT_BYTES / 4;

    /** {@link Backing#bytes} that asks for room for every slot at its worst. */
    public static final long WORST_CASE = 0;

    /**
     * The backing file.
     *
     * @param path a plain file, made if it is missing, or a block device
     * @param bytes how much of it to reserve; {@link #WORST_CASE} for all that the slots can need (a block device is
     *     used whole)
     * @param encrypt encrypt its content with a key that lives only in memory
     */
    public record Backing(Path path, long bytes, boolean encrypt) {
        /**
         * What a user should know of its place, one sentence each.
         *
         * @throws IOException if it cannot be looked at
         */
        public List<String> concerns() throws IOException {
            return Medium.concerns(path);
        }
    }
}
