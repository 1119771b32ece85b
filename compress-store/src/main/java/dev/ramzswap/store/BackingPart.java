package dev.ramzswap.store;

import dev.ramzswap.backing.BackingConfig;
import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.BackingSize;
import dev.ramzswap.linux.MappedFile;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;

/**
 * {@code NAME.backing}, the state of a backing file, and what is built on it: how much of the backing file is used, its
 * opening, and what a takeover does if it cannot be had.
 */
final class BackingPart implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(BackingPart.class.getName());

    private static final int PAGE_BYTES = 4096;

    /** Behind the {@link BackingHead}, and before the segment table. */
    static final long STAGING_OFFSET = PAGE_BYTES;

    private static final long TABLE_OFFSET = STAGING_OFFSET + BackingFile.STAGING_BYTES;

    private final StoreConfig config;
    private final StoreFiles.BackingOpener opener;
    private final PartFiles files;

    /** Whether the files hold the pages of an earlier daemon. */
    private boolean isTakenOver;

    /** See {@link #findBytes}. */
    private long bytes;

    /** What of that an earlier daemon has used. */
    private long recordedBytes;

    /** Where the key of the backing file is; null until it is open. */
    private MappedFile state;

    /** Null if there is none, or a takeover does without it. */
    private BackingFile file;

    BackingPart(StoreConfig config, StoreFiles.BackingOpener opener, PartFiles files) {
        this.config = config;
        this.opener = opener;
        this.files = files;
    }

    /** Size of NAME.backing, if so much of the backing file is used. */
    static long bytesFor(long backingBytes) {
        return Math.ceilDiv(TABLE_OFFSET + BackingSize.tableBytes(backingBytes), PAGE_BYTES) * PAGE_BYTES;
    }

    /**
     * How much of the backing file is used: what an earlier daemon has used of it, whatever the device says now, or
     * whether it is there at all; 0 if there is to be none, or a takeover does without it.
     */
    long findBytes(boolean isTakenOver) throws IOException {
        this.isTakenOver = isTakenOver;
        if (config.backing().isEmpty()) {
            return 0;
        }
        try {
            recordedBytes = recordedBytes();
            bytes = recordedBytes > 0
                    ? recordedBytes
                    : firstBytes(config.backing().get());
        } catch (IOException e) {
            doWithout(e);
        }
        return bytes;
    }

    /** Under swap (memory ahead), who waits for the pages that are there is not to wait for a file without any. */
    private long firstBytes(StoreConfig.Backing wanted) throws IOException {
        if (isTakenOver && config.ahead() > 0) {
            LOG.log(
                    Level.WARNING,
                    config.name() + " is taken over without a backing file, as it had none: to give it one, swap off"
                            + " and start again");
            return 0;
        }
        return wantedBytes(wanted);
    }

    /** Of a larger device, as much as a slot's word can tell places of. */
    private long wantedBytes(StoreConfig.Backing wanted) throws IOException {
        long wantedBytes = wanted.bytes() == StoreConfig.WORST_CASE
                ? BackingSize.bytesFor(config.slots(), Record.MAX_BYTES)
                : wanted.bytes();
        return Math.min(BackingSize.capacity(wanted.path(), wantedBytes), Slot.MAX_PLACE);
    }

    /** What an earlier daemon has used of the backing file, 0 if none has begun it. */
    private long recordedBytes() throws IOException {
        return config.stateDir().isEmpty() ? 0 : BackingHead.capacityIn(files.pathOf("backing"));
    }

    /** Opens it, if so much of it is to be used that {@link #findBytes} has found any. */
    void open() throws IOException {
        if (bytes == 0) {
            return;
        }
        try {
            file = open(config.backing().get());
        } catch (IOException e) {
            doWithout(e);
        }
    }

    /**
     * A takeover does without a backing file that it cannot use, or of which it cannot have what is known: what is in
     * RAM is served, and what points to the file is left as it is. A new table would make it point to nothing for good,
     * and one that is gone with this daemon would lose what is stored there from now on.
     */
    private void doWithout(IOException failure) throws IOException {
        if (!isTakenOver) {
            throw failure;
        }
        LOG.log(
                Level.ERROR,
                config.name() + " is taken over without its backing file, which the next daemon tries to use again: "
                        + failure.getMessage());
    }

    private BackingFile open(StoreConfig.Backing wanted) throws IOException {
        long tableBytes = BackingSize.tableBytes(bytes);
        if (isTakenOver && recordedBytes == 0) {
            files.removeUnlessOf("backing", bytesFor(bytes)); // By then the backing file was to have another size.
        }
        state = files.openPopulated("backing", bytesFor(bytes));
        MemorySegment memory = state.memory();
        BackingHead.repair(memory);
        BackingConfig.Claim claim = claim(BackingHead.isWhole(memory));
        BackingHead.setCapacity(memory, bytes);
        MemorySegment table = memory.asSlice(TABLE_OFFSET, tableBytes);
        BackingFile opened = opener.open(new BackingConfig(
                wanted.path(),
                wanted.encrypt(),
                claim,
                table,
                memory.asSlice(STAGING_OFFSET, BackingFile.STAGING_BYTES),
                memory.asSlice(0, BackingFile.KEY_BYTES)));
        BackingHead.copy(memory);
        return opened;
    }

    private BackingConfig.Claim claim(boolean isBegun) {
        if (!isTakenOver) {
            return BackingConfig.Claim.ANY;
        }
        return isBegun ? BackingConfig.Claim.OWN : BackingConfig.Claim.BLANK;
    }

    /** Null if there is none, or a takeover does without it. */
    BackingFile file() {
        return file;
    }

    /** Bytes of the backing file that pages can go to, as far as that is certain. */
    long certainBytes() {
        return file != null && file.isOpen() && file.isWritable() ? bytes : 0;
    }

    /** Closes the backing file as if it had not been opened, see {@link BackingFile#abandon}. */
    void abandon() throws IOException {
        if (file != null) {
            file.abandon();
        }
    }

    /** Forgets the key: the memory is given back as it is, and whoever gets it could read that. */
    void wipe() {
        if (state != null) {
            BackingHead.wipe(state.memory());
        }
    }

    @Override
    public void close() throws IOException {
        try (MappedFile _ = state;
                BackingFile _ = file) {
            // In the opposite order, both of them, whatever fails.
        }
    }
}
