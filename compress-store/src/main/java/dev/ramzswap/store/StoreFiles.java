package dev.ramzswap.store;

import dev.ramzswap.backing.BackingConfig;
import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.BackingSize;
import dev.ramzswap.closing.Closing;
import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.MappedFile;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * The mapped files that a store lies in, and what is built on them. In the state directory, or as memory files:
 *
 * <ul>
 *   <li>{@code NAME.map}: the slot map
 *   <li>{@code NAME.pool}: the pool, or what stands for it ({@link MappedFile#sparseAt})
 *   <li>{@code NAME.counters}: the counters
 *   <li>{@code NAME.backing}, if there is a backing file: its key, its staging buffers, its segment table
 * </ul>
 */
final class StoreFiles implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(StoreFiles.class.getName());

    private static final int PAGE_BYTES = 4096;

    /** In NAME.backing: behind the {@link BackingHead}, and before the segment table. */
    static final long STAGING_OFFSET = PAGE_BYTES;

    private static final long TABLE_OFFSET = STAGING_OFFSET + BackingFile.STAGING_BYTES;

    /** Opens the backing file; a seam for tests that make it fail. */
    interface BackingOpener {
        BackingFile open(BackingConfig config) throws IOException;
    }

    private final StoreConfig config;
    private final BackingOpener backingOpener;
    private final PartFiles files;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    /** See {@link #findBackingBytes}. */
    private long backingBytes;

    /** What of that an earlier daemon has used. */
    private long recordedBytes;

    private MappedFile mapFile;
    private boolean isTakenOver;
    private Parts parts;

    /** Where the key of the backing file is, once there is one. */
    private Optional<MemorySegment> head = Optional.empty();

    /** Null if there is none, or a takeover does without it. */
    private BackingFile backing;

    /** Whether a later daemon is to find the pages. */
    private boolean isKept;

    private StoreFiles(StoreConfig config, BackingOpener backingOpener) {
        this.config = config;
        this.backingOpener = backingOpener;
        this.files = new PartFiles(config);
        this.isKept = config.stateDir().isPresent();
    }

    static StoreFiles open(StoreConfig config, BackingOpener backingOpener) throws IOException {
        StoreFiles files = new StoreFiles(config, backingOpener);
        files.orAbandon(files::openMap);
        files.orAbandon(files::openRest);
        return files;
    }

    /** The same of what is there, and makes nothing. */
    static StoreFiles openLeft(StoreConfig config, BackingOpener backingOpener) throws IOException {
        StoreFiles files = new StoreFiles(config, backingOpener);
        files.orAbandon(files::openMap);
        files.orAbandon(files::requireLeft);
        files.orAbandon(files::openRest);
        return files;
    }

    private interface Step {
        void run() throws IOException;
    }

    private void orAbandon(Step step) throws IOException {
        try {
            step.run();
        } catch (Throwable e) {
            abandon(e);
            throw e;
        }
    }

    /** The map first: who has its lock has the store, and without it there is nothing to take over. */
    private void openMap() throws IOException {
        mapFile = closing(files.openFirst("map", SlotMap.bytes(config.slots())));
        isTakenOver = !mapFile.created();
    }

    private void requireLeft() throws IOException {
        if (!isTakenOver) {
            throw new IOException(files.pathOf("map") + " has just been removed: the daemon that served it has ended");
        }
    }

    /** A new map is made last: who is killed before that leaves nothing, and who is killed after it leaves all. */
    private void openRest() throws IOException {
        if (!isTakenOver) {
            files.removeRest();
        }
        openParts();
        mapFile.make();
    }

    private void openParts() throws IOException {
        backingBytes = findBackingBytes();
        if (!isTakenOver) {
            requireRoomForAll();
        }
        if (!isTakenOver && config.stateDir().isPresent() && !config.overcommit()) {
            StateDir.requireRoom(config.stateDir().get(), Limit.mostBytes(config) + bytesOfOtherParts());
        }
        if (Math.max(Pool.bytes(config.slots()), backingBytes) > Slot.MAX_PLACE) {
            throw new IllegalArgumentException("a slot's word cannot tell places above 8 TiB: 7 TiB is the most");
        }
        MappedFile countersFile = openCounters();
        Counters counters = isTakenOver
                ? Counters.resume(countersFile, config.name(), config.slots())
                : Counters.begin(countersFile, config.name(), config.slots());
        SlotMap map = closing(new SlotMap(mapFile, config.slots(), counters));
        MappedFile poolFile = closing(files.openSparse("pool", Pool.bytes(config.slots())));
        RegionTable regions = closing(new RegionTable(poolFile.memory().byteSize(), counters));
        RegionMemory regionMemory = new RegionMemory(poolFile, regions, config.ahead());
        Pool pool = new Pool(poolFile.memory(), regions, regionMemory);
        openBacking();
        FileSeal seal = backing == null ? FileSeal.NONE : FileSeal.of(backing);
        parts = new Parts(map, regions, regionMemory, pool, backing, seal, counters);
    }

    /** Bytes of the parts that are no part of the limit. */
    private long bytesOfOtherParts() {
        return Counters.FILE_BYTES + (backingBytes == 0 ? 0 : backingPartBytes(backingBytes));
    }

    private void requireRoomForAll() {
        Limit.lackOfRoom(config, config.limit(), backingBytes).ifPresent(lack -> {
            throw new IllegalArgumentException(lack);
        });
    }

    /**
     * How much of the backing file is used: what an earlier daemon has used of it, whatever the device says now, or
     * whether it is there at all; 0 if there is to be none, or a takeover does without it.
     */
    private long findBackingBytes() throws IOException {
        if (config.backing().isEmpty()) {
            return 0;
        }
        try {
            recordedBytes = recordedBackingBytes();
            return recordedBytes > 0
                    ? recordedBytes
                    : firstBackingBytes(config.backing().get());
        } catch (IOException e) {
            doWithoutBacking(e);
            return 0;
        }
    }

    /** Under swap (memory ahead), who waits for the pages that are there is not to wait for a file without any. */
    private long firstBackingBytes(StoreConfig.Backing wanted) throws IOException {
        if (isTakenOver && config.ahead() > 0) {
            LOG.log(
                    Level.WARNING,
                    config.name() + " is taken over without a backing file, as it had none: to give it one, swap off"
                            + " and start again");
            return 0;
        }
        return wantedBackingBytes(wanted);
    }

    /** Of a larger device, as much as a slot's word can tell places of. */
    private long wantedBackingBytes(StoreConfig.Backing wanted) throws IOException {
        long bytes = wanted.bytes() == StoreConfig.WORST_CASE
                ? BackingSize.bytesFor(config.slots(), Record.MAX_BYTES)
                : wanted.bytes();
        return Math.min(BackingSize.capacity(wanted.path(), bytes), Slot.MAX_PLACE);
    }

    /** What an earlier daemon has used of the backing file, 0 if none has begun it. */
    private long recordedBackingBytes() throws IOException {
        return config.stateDir().isEmpty() ? 0 : BackingHead.capacityIn(files.pathOf("backing"));
    }

    private void openBacking() throws IOException {
        if (backingBytes == 0) {
            return;
        }
        try {
            backing = closing(openBacking(config.backing().get()));
        } catch (IOException e) {
            doWithoutBacking(e);
        }
    }

    /**
     * A takeover does without a backing file that it cannot use, or of which it cannot have what is known: what is in
     * RAM is served, and what points to the file is left as it is. A new table would make it point to nothing for good,
     * and one that is gone with this daemon would lose what is stored there from now on.
     */
    private void doWithoutBacking(IOException failure) throws IOException {
        requireTakeover(failure);
        LOG.log(
                Level.ERROR,
                config.name() + " is taken over without its backing file, which the next daemon tries to use again: "
                        + failure.getMessage());
    }

    private BackingFile openBacking(StoreConfig.Backing wanted) throws IOException {
        long tableBytes = BackingSize.tableBytes(backingBytes);
        long bytes = backingPartBytes(backingBytes);
        if (isTakenOver && recordedBytes == 0) {
            files.removeUnlessOf("backing", bytes); // By then the backing file was to have another size.
        }
        MemorySegment memory = closing(files.openPopulated("backing", bytes)).memory();
        head = Optional.of(memory);
        BackingHead.repair(memory);
        BackingConfig.Claim claim = claim(BackingHead.isWhole(memory));
        BackingHead.setCapacity(memory, backingBytes);
        MemorySegment table = memory.asSlice(TABLE_OFFSET, tableBytes);
        BackingFile file = backingOpener.open(new BackingConfig(
                wanted.path(),
                wanted.encrypt(),
                claim,
                table,
                memory.asSlice(STAGING_OFFSET, BackingFile.STAGING_BYTES),
                memory.asSlice(0, BackingFile.KEY_BYTES)));
        BackingHead.copy(memory);
        return file;
    }

    private BackingConfig.Claim claim(boolean isBegun) {
        if (!isTakenOver) {
            return BackingConfig.Claim.ANY;
        }
        return isBegun ? BackingConfig.Claim.OWN : BackingConfig.Claim.BLANK;
    }

    /**
     * Takes, if the configuration asks for memory ahead, what else the way of a page could fault in. A daemon that
     * takes over serves first: the memory that it needs may wait for it, and there may be none.
     */
    void populate() throws IOException {
        if (config.ahead() == 0) {
            return;
        }
        try {
            parts.map().populate();
            parts.regions().populate();
            if (!isTakenOver) {
                parts.regionMemory().fill(config.name());
            }
        } catch (IOException e) {
            requireTakeover(e);
            LOG.log(Level.WARNING, config.name() + " has no memory ahead yet: " + e.getMessage());
        }
    }

    /** At a takeover a memory file, if there is no room for them. */
    private MappedFile openCounters() throws IOException {
        try {
            return closing(files.openPopulated("counters", Counters.FILE_BYTES));
        } catch (ErrnoException e) {
            requireTakeover(e);
            LOG.log(
                    Level.WARNING,
                    config.name() + ".counters will not outlive this daemon, since it cannot be had: "
                            + e.getMessage());
            MappedFile file = closing(files.openInMemory("counters", Counters.FILE_BYTES));
            file.populate(0, Counters.FILE_BYTES);
            return file;
        }
    }

    /** A takeover does without what another start fails for. */
    private void requireTakeover(IOException failure) throws IOException {
        if (!isTakenOver) {
            throw failure;
        }
    }

    private <T extends AutoCloseable> T closing(T part) {
        opened.push(part);
        return part;
    }

    /** Removes the files from the state directory; those that are open live on without a name. */
    void remove() throws IOException {
        isKept = false;
        files.remove();
    }

    /** Size of NAME.backing, if so much of the backing file is used. */
    static long backingPartBytes(long backingBytes) {
        return Math.ceilDiv(TABLE_OFFSET + BackingSize.tableBytes(backingBytes), PAGE_BYTES) * PAGE_BYTES;
    }

    /** Whether the files hold the pages of an earlier daemon. */
    boolean isTakenOver() {
        return isTakenOver;
    }

    /** Bytes of the backing file that pages can go to, as far as that is certain. */
    long backingBytes() {
        return backing != null && backing.isOpen() && backing.isWritable() ? backingBytes : 0;
    }

    Parts parts() {
        return parts;
    }

    /**
     * Closes what was opened, since the start has failed. What a first start has made holds no page, and is not to be
     * taken over by the next one, nor to take room.
     */
    void abandon(Throwable failure) {
        if (mapFile != null && mapFile.created()) {
            isKept = false;
            Closing.after(failure, files::removeOpened);
            Optional.ofNullable(backing).ifPresent(file -> Closing.after(failure, file::abandon));
        }
        Closing.after(failure, this);
    }

    /**
     * Closes what was opened, in the opposite order; all of it, whatever fails. What nobody is to find is wiped first:
     * memory is given back as it is, and whoever gets it could read the key.
     */
    @Override
    public void close() {
        if (!isKept) {
            head.ifPresent(BackingHead::wipe);
        }
        IllegalStateException failure = new IllegalStateException("a part of the store cannot be closed");
        while (!opened.isEmpty()) {
            Closing.after(failure, opened.pop());
        }
        if (failure.getSuppressed().length > 0) {
            throw failure;
        }
    }
}
