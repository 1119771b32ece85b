package dev.ramzswap.store;

import static dev.ramzswap.store.Region.BYTES;
import static dev.ramzswap.store.Region.NONE;

import dev.ramzswap.linux.MappedFile;
import dev.ramzswap.linux.Progress;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.locks.Lock;

/**
 * The pool's memory: takes it for regions and gives it back. With memory ahead, a thread of its own keeps some regions
 * READY, and nothing on the way of a page takes memory. Without, a store populates the region that it needs: a page
 * fault that finds no memory would be a SIGBUS. The lock is never held meanwhile. Thread-safe.
 */
final class RegionMemory {
    private static final System.Logger LOG = System.getLogger(RegionMemory.class.getName());

    private final MappedFile file;
    private final RegionTable table;
    private final RegionBudget budget;
    private final Lock lock;
    private final int readyWanted;
    private volatile boolean isShortOfReady;

    /** @param ahead bytes of regions to keep ready; see {@link StoreConfig} */
    RegionMemory(MappedFile file, RegionTable table, long ahead) {
        this.file = file;
        this.table = table;
        this.budget = table.budget();
        this.lock = table.lock;
        this.readyWanted = (int) Math.min(Math.ceilDiv(ahead, BYTES), table.count());
    }

    /** Whether half of the ready regions are used up: time to populate more. */
    boolean isShortOfReady() {
        return isShortOfReady;
    }

    /** A ready region was opened; called with the lock held. */
    void opened() {
        isShortOfReady = budget.ready() <= readyWanted / 2 && isAhead();
    }

    /** Whether regions are populated ahead, so that opening one takes no memory. */
    boolean isAhead() {
        return readyWanted > 0;
    }

    /**
     * Whether there is no region to open now, by compaction if not by stores, though there may be one, until more
     * memory is populated.
     */
    boolean isAwaited() {
        lock.lock();
        try {
            return isAhead() && budget.ready() == 0 && budget.mayOpen(true);
        } finally {
            lock.unlock();
        }
    }

    /** Makes a region ready where none is kept ahead. False if there may be none, or there is no memory. */
    boolean populateOnDemand(boolean forCompaction) {
        return !isAhead() && populateQuietly(takeOnDemand(forCompaction));
    }

    private int takeOnDemand(boolean forCompaction) {
        lock.lock();
        try {
            return budget.mayPopulate(forCompaction) ? table.takeFree(forCompaction) : NONE;
        } finally {
            lock.unlock();
        }
    }

    private boolean populateQuietly(int region) {
        try {
            return populate(region);
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "no memory for the pool", e);
            return false;
        }
    }

    /** One look of the populator: keeps as many regions ready as is wanted and may be. Returns whether it did any. */
    boolean adjust() throws IOException {
        return giveBackExcess() || populate(takeAhead());
    }

    /** Makes a region ready, if none is and one is waited for. Returns whether it did. */
    boolean populateAwaited() throws IOException {
        return isAwaited() && populate(takeAhead());
    }

    /**
     * Takes all that is wanted ahead.
     *
     * @param name of the store, for who waits
     */
    void fill(String name) throws IOException {
        long wanted = Math.min(readyWanted, budget.regions());
        var progress = new Progress("taking memory for " + name, wanted * BYTES);
        while (adjust()) {
            progress.at((long) budget.ready() * BYTES);
        }
    }

    private int takeAhead() {
        lock.lock();
        try {
            if (!isAhead() || budget.ready() >= readyWanted) {
                return NONE;
            }
            // Above its budget the pool can only shrink if compaction has a region to begin with.
            boolean isForCompaction = budget.exceeds() && budget.empty() < budget.reserve();
            return table.takeFree(isForCompaction);
        } finally {
            lock.unlock();
        }
    }

    private boolean giveBackExcess() throws IOException {
        int region = takeExcess();
        if (region != NONE) {
            giveBack(region);
        }
        return region != NONE;
    }

    private int takeExcess() {
        lock.lock();
        try {
            boolean isExcess = budget.used() > budget.regions() && budget.ready() > budget.reserve();
            return isExcess ? table.takeReady() : NONE;
        } finally {
            lock.unlock();
        }
    }

    /** Takes memory for a region that was taken; NONE is none. */
    private boolean populate(int region) throws IOException {
        if (region == NONE) {
            return false;
        }
        boolean isPopulated = false;
        try {
            file.populate(Region.start(region), BYTES);
            isPopulated = true;
        } finally {
            if (isPopulated) {
                makeReady(region);
            } else {
                giveBack(region);
            }
        }
        return true;
    }

    private void makeReady(int region) {
        lock.lock();
        try {
            table.makeReady(region);
            isShortOfReady = false;
        } finally {
            lock.unlock();
        }
    }

    private void giveBack(int region) throws IOException {
        try {
            file.release(Region.start(region), BYTES);
        } finally {
            lock.lock();
            try {
                table.free(region);
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * Makes a retired region ready if that is wanted, or gives its memory back. No header of its earlier life may be
     * left, as none is where memory is new: in room that a store has taken and not yet written to, the
     * {@link Evacuation} would meet it, and jump over what lies there now.
     */
    void reuse(int region) throws IOException {
        if (isWantedReady()) {
            file.memory().asSlice(Region.start(region), BYTES).fill((byte) 0);
            makeReady(region);
        } else {
            giveBack(region);
        }
    }

    /**
     * Above the budget one region stays ready until enough are gone, for compaction to begin with: if it went as well,
     * and came again, memory would exceed a limit that it had reached. So what is kept back for compaction is part of
     * what must fit: if what is in use fills the limit to the last region, pages are spilled, and without a backing
     * file the limit is not reached.
     */
    private boolean isWantedReady() {
        lock.lock();
        try {
            boolean isExcess = budget.used() > budget.regions();
            return budget.ready() < (isExcess ? budget.reserve() : readyWanted);
        } finally {
            lock.unlock();
        }
    }

    /** Maps a region that has memory in bulk, which spares a fault for each page of it. */
    void mapResident(int region) {
        try {
            file.mapResident(Region.start(region), BYTES);
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a region is mapped page by page", e);
        }
    }

    /** What a daemon before this one has left memory in, but no live records, is kept ready or given back. */
    void reclaimLeftovers() throws IOException {
        long end = Region.start(table.count());
        for (long at = file.nextData(0); at < end; at = file.nextData(at)) {
            long hole = Math.min(file.nextHole(at), end);
            for (int region = Region.of(at); Region.start(region) < hole; region++) {
                reclaim(region);
            }
            at = Math.ceilDiv(hole, BYTES) * BYTES;
        }
    }

    private void reclaim(int region) throws IOException {
        if (!takeLeftover(region)) {
            return;
        }
        if (isWantedReady()) {
            populateQuietly(region);
        } else {
            giveBack(region);
        }
    }

    private boolean takeLeftover(int region) {
        lock.lock();
        try {
            return table.takeLeftover(region);
        } finally {
            lock.unlock();
        }
    }
}
