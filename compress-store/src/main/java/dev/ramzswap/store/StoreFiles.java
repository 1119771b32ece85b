package dev.ramzswap.store;

import dev.ramzswap.backing.BackingConfig;
import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.closing.Closing;
import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.MappedFile;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Deque;

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

    /** Opens the backing file; a seam for tests that make it fail. */
    interface BackingOpener {
        BackingFile open(BackingConfig config) throws IOException;
    }

    private final StoreConfig config;
    private final PartFiles files;
    private final BackingPart backing;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    private MappedFile mapFile;
    private boolean isTakenOver;
    private Parts parts;

    /** Whether a later daemon is to find the pages. */
    private boolean isKept;

    private StoreFiles(StoreConfig config, BackingOpener backingOpener) {
        this.config = config;
        this.files = new PartFiles(config);
        this.backing = new BackingPart(config, backingOpener, files);
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
        long backingBytes = backing.findBytes(isTakenOver);
        if (!isTakenOver) {
            requireRoomForAll(backingBytes);
        }
        if (!isTakenOver && config.stateDir().isPresent() && !config.overcommit()) {
            StateDir.requireRoom(config.stateDir().get(), Limit.mostBytes(config) + bytesOfOtherParts(backingBytes));
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
        closing(backing).open();
        BackingFile file = backing.file();
        FileSeal seal = file == null ? FileSeal.NONE : FileSeal.of(file);
        parts = new Parts(map, regions, regionMemory, pool, file, seal, counters);
    }

    /** Bytes of the parts that are no part of the limit. */
    private static long bytesOfOtherParts(long backingBytes) {
        return Counters.FILE_BYTES + (backingBytes == 0 ? 0 : BackingPart.bytesFor(backingBytes));
    }

    private void requireRoomForAll(long backingBytes) {
        Limit.lackOfRoom(config, config.limit(), backingBytes).ifPresent(lack -> {
            throw new IllegalArgumentException(lack);
        });
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

    /** Whether the files hold the pages of an earlier daemon. */
    boolean isTakenOver() {
        return isTakenOver;
    }

    /** Bytes of the backing file that pages can go to, as far as that is certain. */
    long backingBytes() {
        return backing.certainBytes();
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
            Closing.after(failure, backing::abandon);
        }
        Closing.after(failure, this);
    }

    /**
     * Closes what was opened, in the opposite order; all of it, whatever fails. What nobody is to find is wiped first.
     */
    @Override
    public void close() {
        if (!isKept) {
            backing.wipe();
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
