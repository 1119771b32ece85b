package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import java.io.IOException;
import java.util.concurrent.locks.LockSupport;

/**
 * The threads that make room ahead of the stores, each for what it alone waits for: one for the pool, which waits for
 * nobody, one for the backing file, which waits for the disk, and two that take memory from the kernel: ahead, and at
 * once.
 */
final class Keeper implements AutoCloseable {
    /**
     * How long a store waits for memory that the kernel has not given. It may have no end: the kernel may even wait for
     * the answer to this very store.
     */
    private static final long MEMORY_NANOS = 600_000_000;

    private static final long BLOCKED_PAUSE_NANOS = 500_000;

    /** How long cleaning and spilling take turns while a bad disk keeps both waiting. */
    private static final long TURN_NANOS = 1_000_000_000;

    private final Pool pool;
    private final RegionMemory regionMemory;
    private final PoolCompactor compactor;
    private final Relister relister;
    private final Fullness fullness;
    private final SlotSweeper sweeper;

    /** Null if there is no backing file, like the three after it. */
    private final BackingFile file;

    private final Workspace diskWork;
    private final FileMover mover;
    private final Spiller spiller;

    private final BackgroundLoop ram;
    private final BackgroundLoop disk;
    private final BackgroundLoop populator;

    /**
     * Takes memory for a store that waits. The populator may have been told by the kernel to wait until something is
     * reclaimed ({@code reclaim_throttle} of mm/vmscan.c), which cannot be before that store is answered. What has the
     * daemon's real-time priority may take a part of the kernel's reserve instead, one region of it for each time that
     * none is left: what is stored there frees more.
     */
    private final BackgroundLoop reserve;

    /** A store has found no room: work for the last page that may fit. */
    private volatile boolean isScarce;

    /** A store has looked for everything else in vain. */
    private volatile boolean isLastLook;

    /**
     * The look of the file's keeper that whoever has the turn waits for, 0 for none. It may take longer than any call,
     * and the next one must not wait for another, or a disk that is slow would never be looked at to the end.
     */
    private long diskLook;

    /** Whether whoever has the turn waits for memory. */
    private volatile boolean isMemoryAwaited;

    private boolean wasFailing;

    /** What came of spilling in this look. */
    private Look spilled = Look.NOTHING;

    private long spilledAt;

    /** Whether the last look tried all segments in vain and left memory above its limit, and none was spilled since. */
    private boolean isFileOfNoUse;

    Keeper(String name, Parts parts, Ownership ownership, FreedSlots freed, Fullness fullness, Activity activity) {
        this.pool = parts.pool();
        this.regionMemory = parts.regionMemory();
        this.fullness = fullness;
        this.file = parts.file();
        this.compactor = new PoolCompactor(parts, ownership);
        this.sweeper = new SlotSweeper(parts, ownership, freed, activity);
        this.relister = new Relister(parts, ownership, activity);
        this.ram = new BackgroundLoop("keeper-" + name, this::keepPool);
        this.populator = new BackgroundLoop("populator-" + name, this::keepMemory);
        this.reserve = BackgroundLoop.urgent("reserve-" + name, this::takeFromReserve);
        if (file == null) {
            diskWork = null;
            mover = null;
            spiller = null;
            disk = null;
        } else {
            diskWork = new Workspace(Counters.KEEPER, file.readBuffer(), parts.fileSeal(), activity);
            mover = new FileMover(
                    parts, ownership, activity, fullness, this::mayGiveUp, this::spillMeanwhile, diskWork);
            spiller = new Spiller(parts, ownership, diskWork);
            disk = new BackgroundLoop("disk-" + name, this::keepFile);
        }
    }

    /** All of them or none. */
    void start() {
        try {
            ram.start();
            populator.start();
            reserve.start();
            if (disk != null) {
                disk.start();
            }
        } catch (Throwable e) {
            stop();
            throw e;
        }
    }

    /** For the way of a page. */
    void wakeIfNeeded(boolean isLow, boolean isShortOfReady) {
        if (isLow) {
            ram.wake();
            if (disk != null) {
                disk.wake();
            }
        }
        if (isShortOfReady) {
            populator.wake();
        }
    }

    /** Something may be had now that could not before: the limit was changed. */
    void reconsider() {
        fullness.roomMade();
        wakeIfNeeded(true, true);
    }

    /** Whether every bit of room is to be gathered, at whatever price. */
    void setScarce(boolean isScarce) {
        this.isScarce = isScarce;
        if (!isScarce) {
            isLastLook = false;
            diskLook = 0;
        }
    }

    /** Whatever room is made refutes it from now on, or from the last time on, if it is suspected still. */
    void suspectFullness() {
        if (!fullness.isSuspected()) {
            isLastLook = false;
            fullness.suspect();
        }
    }

    /**
     * What comes of a look at everything that began after this call, or after an earlier one that did not see its end.
     */
    Look look(long nanos) {
        Look look = ram.awaitLook(nanos);
        return look == Look.GAINED ? look : look.and(lookAtRest(nanos));
    }

    /**
     * The last {@link #look} before a page is refused: lost pages are given up, if the pool has nothing to gain. One
     * that takes longer goes on in the next calls, until fullness is suspected anew.
     */
    Look lookForTheLast(long nanos) {
        Look look = ram.awaitLook(nanos);
        if (!isLastLook) {
            diskLook = 0; // It did not know.
        }
        isLastLook = look == Look.NOTHING;
        return look == Look.GAINED ? look : look.and(lookAtRest(nanos));
    }

    private Look lookAtFile(long nanos) {
        diskLook = diskLook == 0 ? disk.next() : diskLook;
        Look look = disk.awaitLook(diskLook, nanos);
        boolean isToStay = isLastLook && look == Look.NOTHING;
        if (disk.isOver(diskLook) && !isToStay) {
            diskLook = 0;
        }
        return look;
    }

    private Look lookAtRest(long nanos) {
        Look look = disk == null ? Look.NOTHING : lookAtFile(nanos);
        return look != Look.GAINED && regionMemory.isAwaited() ? look.and(lookForMemory()) : look;
    }

    /**
     * Whether room is needed for which lost pages must go: as long as nobody makes any in another way, or memory is
     * above its limit, and the file takes nothing of it. That it is full is not enough: spilling beside a look takes
     * what is free, and the next victim may make more. For the file's keeper.
     */
    private boolean mayGiveUp() {
        return isLastLook && fullness.isSuspected() || isFileOfNoUse && spiller.isRefusedAboveLimit();
    }

    private Look lookForMemory() {
        long end = System.nanoTime() + MEMORY_NANOS;
        isMemoryAwaited = true;
        Look look = reserve.awaitLook(MEMORY_NANOS);
        isMemoryAwaited = false;
        if (look != Look.GAINED && regionMemory.isAwaited()) {
            look = populator.awaitLook(end - System.nanoTime()); // It may have the last region that there may be.
        }
        return look == Look.GAINED || !regionMemory.isAwaited() ? Look.GAINED : Look.NOTHING;
    }

    /**
     * One look of the pool's keeper. What the kernel has freed goes first, and does not keep the rest from its turn.
     */
    Look keepPool() throws IOException {
        Look look = noted(sweep().and(compactor.isUnfinished() ? compactor.proceed() : makeRoom()));
        if (compactor.isSoonFinished()) {
            ram.wake(); // Each pause would be one for all other regions, too.
        }
        return look;
    }

    /** One look of the pool's keeper at what the kernel has freed. */
    Look sweep() {
        return sweeper.sweep() > 0 ? Look.GAINED : Look.NOTHING;
    }

    private Look makeRoom() throws IOException {
        Look look = relister.relist();
        if (look != Look.GAINED) {
            look = look.and(isScarce ? compactor.compactForOne() : compactor.compact());
        }
        if (look == Look.NOTHING && relister.relist() == Look.BLOCKED) {
            look = Look.BLOCKED; // A region whose records found no room: its holes are to be known when this look ends.
        }
        if (look == Look.NOTHING && isScarce && pool.recountDamaged()) {
            look = Look.GAINED;
        }
        return look;
    }

    /** One look of the backing file's keeper. Cleaning comes last: it may wait for a part of the disk that fails. */
    Look keepFile() {
        boolean isFailing = file.failing();
        boolean isBack = wasFailing && !isFailing;
        wasFailing = isFailing;
        spilled = Look.NOTHING;
        spill();
        Look cleaned = isBack ? Look.GAINED : clean();
        spillMeanwhile();
        isFileOfNoUse = cleaned == Look.NOTHING && spiller.isRefusedAboveLimit();
        return noted(spilled.and(cleaned));
    }

    /** Spills a batch. What that gains is noted at once: the look may yet take long. */
    private Look spill() {
        Look look = spiller.spill();
        spilledAt = System.nanoTime();
        if (look == Look.GAINED) {
            fullness.roomMade();
            isFileOfNoUse = false;
        }
        spilled = spilled == Look.GAINED ? Look.GAINED : look;
        return look;
    }

    /**
     * Memory comes down to its limit though cleaning waits for a bad disk, which may take minutes for each segment, and
     * a complete look hours.
     */
    private void spillMeanwhile() {
        long begin = System.nanoTime();
        if (begin - spilledAt >= TURN_NANOS) {
            while (spill() == Look.GAINED && spilledAt - begin < TURN_NANOS) {}
        }
    }

    private Look clean() {
        if (!file.cleaningDue()) {
            return Look.NOTHING;
        }
        return switch (file.clean(mover)) {
            case CLEANED -> Look.GAINED;
            case BUSY -> Look.BLOCKED;
            case CLEAN -> Look.NOTHING;
        };
    }

    /** One look of the populator. */
    private Look keepMemory() throws IOException {
        return noted(regionMemory.adjust() ? Look.GAINED : Look.NOTHING);
    }

    private Look takeFromReserve() throws IOException {
        return noted(isMemoryAwaited && regionMemory.populateAwaited() ? Look.GAINED : Look.NOTHING);
    }

    private Look noted(Look look) {
        if (look == Look.GAINED) {
            fullness.roomMade();
        } else if (look == Look.BLOCKED) {
            LockSupport.parkNanos(BLOCKED_PAUSE_NANOS);
        }
        return look;
    }

    /** Lets nothing change by itself until {@link #resume}, so that tests can look at all of it. */
    void pause() throws InterruptedException {
        ram.pause();
        populator.pause();
        reserve.pause();
        if (disk != null) {
            disk.pause();
        }
    }

    void resume() {
        ram.resume();
        populator.resume();
        reserve.resume();
        if (disk != null) {
            disk.resume();
        }
    }

    /** Ends what changes counters and places by itself. A look is over at once from now on, and finds nothing. */
    void stop() {
        ram.close();
        populator.close();
        reserve.close();
        if (disk != null) {
            disk.close();
        }
    }

    @Override
    public void close() {
        stop();
        sweeper.close();
        if (disk != null) {
            diskWork.close();
        }
    }
}
