package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.ramzswap.linux.MappedFile;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The pool's memory, in regions of 256 KiB of one sparse mapped file: which ones are in use, how much in them is live,
 * and what may be resident. A region is
 *
 * <pre>
 *   free ──► open ──► closed ──► evacuating ──► free
 *     └──► ready ──┘                   └──► ready
 * </pre>
 *
 * <p>Ready is populated ahead of the stores, by a thread of its own: then only ready regions are opened, and nothing on
 * the way of a page faults in new memory. Without memory ahead there are none, and a region is populated as it is
 * opened: a page fault that finds no memory is a SIGBUS.
 *
 * <p>Thread-safe: its monitor is the one lock of the {@link Pool}, which holds it around several calls.
 */
final class Regions implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Regions.class.getName());

    static final int NONE = -1;
    static final int SHIFT = 18;
    static final int BYTES = 1 << SHIFT;

    /** Regions that only compaction may open, so that it can always begin. */
    static final int COMPACTION_RESERVE = 1;

    private static final int LOW_WATER_SHIFT = 4;
    private static final long MAX_LOW_WATER = 16 << 20;
    private static final int SPARE_LOW_WATERS = 4;

    private static final int FREE = -1;
    private static final int READY = -2;
    private static final int EVACUATING = 1 << 30;

    private final MappedFile file;
    private final Counters counters;
    private final int count;
    private final Arena arena = Arena.ofShared();

    /**
     * For each region: bytes of its places that are not holes, plus {@link #EVACUATING}; or {@link #FREE}, or
     * {@link #READY}, also while it is being populated.
     */
    private final MemorySegment live;

    /** The ready regions: a stack of {@code readyCount} numbers. */
    private final MemorySegment ready;

    private int readyCount;
    private final int readyWanted;

    /** 1 while a region is being populated. */
    private int populating;

    /** Regions that are not free. */
    private int used;

    private int highWater;
    private int lowestFree;
    private long liveBytes;
    private int budget;
    private long lowWater;
    private volatile boolean isLow;
    private volatile boolean isShortOfReady;

    /** @param ahead bytes of regions to keep ready; see {@link StoreConfig} */
    Regions(MappedFile file, Counters counters, long ahead) {
        this.file = file;
        this.counters = counters;
        this.count = (int) (file.memory().byteSize() >>> SHIFT);
        this.live = arena.allocate((long) count * Integer.BYTES, Integer.BYTES);
        live.fill((byte) 0xff);
        this.ready = arena.allocate((long) count * Integer.BYTES, Integer.BYTES);
        this.readyWanted = (int) Math.min(Math.ceilDiv(ahead, BYTES), count);
    }

    static int of(long place) {
        return (int) (place >>> SHIFT);
    }

    static long start(int region) {
        return (long) region << SHIFT;
    }

    int count() {
        return count;
    }

    /** Whether regions are populated ahead, so that opening one takes no memory. */
    boolean isAhead() {
        return readyWanted > 0;
    }

    // Figures

    /** Sets how much memory the regions may take, in bytes. Regions above it are for {@link Compactor} to empty. */
    synchronized void setBudget(long bytes) {
        budget = (int) Math.min(Math.max(bytes, 0) >>> SHIFT, count);
        lowWater = Math.min((long) budget << SHIFT >>> LOW_WATER_SHIFT, MAX_LOW_WATER);
        updateIsLow();
    }

    /** Whether so little room is left within the budget that pages should be spilled. */
    boolean isLow() {
        return isLow;
    }

    private void updateIsLow() {
        boolean low = availableBytes() < lowWater;
        if (low != isLow) {
            isLow = low;
        }
    }

    /** Whether pages may come back from the backing file without being spilled again soon. */
    synchronized boolean hasRoomToSpare() {
        return availableBytes() > SPARE_LOW_WATERS * lowWater;
    }

    /** Bytes that could still be allocated within the budget, holes included; negative if it is exceeded. */
    private long availableBytes() {
        return ((long) (budget - COMPACTION_RESERVE) << SHIFT) - liveBytes;
    }

    /** Bytes of places that are not holes. */
    synchronized long liveBytes() {
        return liveBytes;
    }

    /** Bytes of regions with records in them, or about to have. */
    synchronized long filledBytes() {
        return (long) (used - readyCount - populating) << SHIFT;
    }

    synchronized boolean exceedBudget() {
        return used - readyCount > budget - COMPACTION_RESERVE;
    }

    /** Whether half of the ready regions are used up: time to populate more. */
    boolean isShortOfReady() {
        return isShortOfReady;
    }

    /** Whether there is no room now, but there will be when more memory is populated. */
    synchronized boolean isWaitingForMemory() {
        return isAhead() && readyCount == 0 && used < budget;
    }

    // Life of a region

    /** An empty region that {@code reserve} others could follow within the budget, or {@link #NONE}. */
    synchronized int open(int reserve) {
        int region = isAhead() ? takeReady(reserve) : takePopulated(reserve);
        if (region != NONE) {
            setLive(region, 0);
        }
        return region;
    }

    private int takePopulated(int reserve) {
        int region = takeFree(reserve);
        if (region == NONE) {
            return NONE;
        }
        counters.addMemory(BYTES);
        if (tryPopulate(region)) {
            return region;
        }
        giveBackQuietly(region);
        return NONE;
    }

    /** Takes memory for a region; false if there is none. */
    private boolean tryPopulate(int region) {
        try {
            file.populate(start(region), BYTES);
            return true;
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "no memory for the pool", e);
            return false;
        }
    }

    private void giveBackQuietly(int region) {
        try {
            giveBack(region);
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "nor can what it had be given back", e);
        }
    }

    private int takeReady(int reserve) {
        if (readyCount == 0 || used - readyCount + reserve >= budget) {
            return NONE;
        }
        int region = popReady();
        isShortOfReady = readyCount <= readyWanted / 2;
        return region;
    }

    private int popReady() {
        return ready.get(JAVA_INT, (long) --readyCount << 2);
    }

    private void pushReady(int region) {
        ready.set(JAVA_INT, (long) readyCount++ << 2, region);
    }

    private int takeFree(int reserve) {
        if (used + reserve >= budget) {
            return NONE;
        }
        for (int region = lowestFree; region < count; region++) {
            if (liveOf(region) == FREE) {
                lowestFree = region + 1;
                used++;
                highWater = Math.max(highWater, region + 1);
                return region;
            }
        }
        lowestFree = count;
        return NONE;
    }

    synchronized void addLive(int region, int bytes) {
        setLive(region, liveOf(region) + bytes);
        liveBytes += bytes;
        updateIsLow();
    }

    /** The region with the fewest live bytes but for {@code open}, if there is one with less than {@code bytes}. */
    int emptiest(int bytes, int open) {
        int emptiest = NONE;
        int fewest = bytes;
        // Without the lock, since it can take long: a stale figure only makes a worse choice.
        int end = highWater;
        for (int region = 0; region < end; region++) {
            int liveBytes = liveOf(region);
            if (liveBytes >= 0 && liveBytes < fewest && region != open) {
                emptiest = region;
                fewest = liveBytes;
            }
        }
        return emptiest;
    }

    /** Marks a region so that nothing more is put into it; false if it is free by now. */
    synchronized boolean beginEvacuation(int region) {
        int bytes = liveOf(region);
        if (bytes < 0) {
            return false;
        }
        setLive(region, bytes | EVACUATING);
        return true;
    }

    boolean isEvacuating(int region) {
        return (liveOf(region) & EVACUATING) != 0;
    }

    /** Makes an evacuated region that is not empty an ordinary one again; false if it is empty. */
    synchronized boolean cancelEvacuation(int region) {
        int bytes = liveOf(region) & ~EVACUATING;
        if (bytes != 0) {
            setLive(region, bytes);
        }
        return bytes != 0;
    }

    /** Ends the life of an empty region: it becomes ready, or goes back to the operating system. */
    void retire(int region) throws IOException {
        if (!keepReady(region)) {
            giveBack(region);
        }
    }

    private synchronized boolean keepReady(int region) {
        boolean isWanted = readyCount + populating < readyWanted && used <= budget;
        if (isWanted) {
            makeReady(region);
        }
        return isWanted;
    }

    private synchronized void makeReady(int region) {
        setLive(region, READY);
        pushReady(region);
    }

    private void giveBack(int region) throws IOException {
        try {
            file.release(start(region), BYTES);
        } finally {
            free(region);
        }
    }

    private synchronized void free(int region) {
        setLive(region, FREE);
        used--;
        lowestFree = Math.min(lowestFree, region);
        counters.addMemory(-BYTES);
    }

    // Population, by one thread

    /** Populates one more region if there are too few ready ones and the budget allows it. False if not. */
    boolean populate() throws IOException {
        int region = beginPopulation();
        if (region == NONE) {
            return false;
        }
        boolean isPopulated = false;
        try {
            file.populate(start(region), BYTES);
            isPopulated = true;
        } finally {
            endPopulation(region, isPopulated);
            if (!isPopulated) {
                giveBack(region);
            }
        }
        return true;
    }

    private synchronized int beginPopulation() {
        int region = readyCount < readyWanted ? takeFree(0) : NONE;
        if (region != NONE) {
            setLive(region, READY);
            populating++;
            counters.addMemory(BYTES);
        }
        return region;
    }

    private synchronized void endPopulation(int region, boolean isPopulated) {
        populating--;
        if (isPopulated) {
            pushReady(region);
            isShortOfReady = false;
        }
    }

    /** Gives a ready region back if the budget is exceeded. False if not. */
    boolean depopulate() throws IOException {
        int region = takeExcess();
        if (region == NONE) {
            return false;
        }
        giveBack(region);
        return true;
    }

    private synchronized int takeExcess() {
        return used > budget && readyCount > 0 ? popReady() : NONE;
    }

    // Recovery, before anything else

    /** Maps a region that has memory in bulk, which spares a fault for each page of it. */
    void mapResident(int region) {
        try {
            file.mapResident(start(region), BYTES);
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a region is mapped page by page", e);
        }
    }

    /** False also if the kernel does not say: the region is then like a new one. */
    private boolean isResident(int region) {
        try {
            return file.isResident(start(region), BYTES);
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "what a dead daemon left is not kept ready", e);
            return false;
        }
    }

    /** Counts a region as used, with so many bytes of places that are not holes in it, or so many more. */
    synchronized void adopt(int region, int bytes) {
        if (liveOf(region) == FREE) {
            setLive(region, 0);
            used++;
            highWater = Math.max(highWater, region + 1);
            counters.addMemory(BYTES);
        }
        addLive(region, bytes);
    }

    boolean isFree(int region) {
        return liveOf(region) == FREE;
    }

    /** Keeps a region ready that was not adopted, if it has memory and that is wanted, or gives its memory back. */
    void reclaim(int region) throws IOException {
        if (isResident(region)) {
            adopt(region, 0);
            if (isWantedReady() && tryPopulate(region)) {
                makeReady(region);
            } else {
                giveBack(region);
            }
        }
    }

    private synchronized boolean isWantedReady() {
        return readyCount < readyWanted;
    }

    private int liveOf(int region) {
        return live.get(JAVA_INT, (long) region << 2);
    }

    private void setLive(int region, int bytes) {
        live.set(JAVA_INT, (long) region << 2, bytes);
    }

    @Override
    public void close() {
        arena.close();
    }
}
