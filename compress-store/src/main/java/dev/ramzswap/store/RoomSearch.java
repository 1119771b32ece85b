package dev.ramzswap.store;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What a store does that has found no room: it waits for its turn, and then looks until there is room, or certainly is
 * none. Thread-safe.
 *
 * <p><b>Why NO_SPACE is never false.</b> It is said only if all of this holds:
 *
 * <ol>
 *   <li>The fullness was suspected, and nothing was freed, moved, populated or written back after that: any of it
 *       refutes the suspicion ({@link Fullness}).
 *   <li>After that the door was closed to other stores, and everybody who was at work before has ended
 *       ({@link Activity}): whoever had room in his hands has published it, and freed what that replaced.
 *   <li>After that a complete look of the pool's keeper and of the file's found nothing to gain, and nothing that
 *       somebody has his hands on: no region with a sixteenth free, none whose holes are still unknown, no segment
 *       worth cleaning, no page that the file would take.
 *   <li>After that the page itself found no room, in the pool or in the file.
 * </ol>
 *
 * So the live records alone fill what there is. All but this page's are of published words, at most one for each slot,
 * and the keepers go on while the pool has a sixteenth free or a segment a tenth: limit and file hold fewer pages than
 * they must, which is only possible with overcommit, memory that the kernel does not give, or a file that has failed
 * for long.
 *
 * <p>A slot's word may have no memory, of which only what is gained makes more: then a look that found nothing to gain
 * is enough. That says nothing of the room for other pages, nor does what they leave refute it.
 *
 * <p><b>Why it ends.</b> While the door is closed nobody else takes room, and what invalidates free only adds to it.
 * Nobody is at work, or has a page pinned, while he waits for the disk or here, with these exceptions: the spiller and
 * whoever has the turn, who wait for a staging buffer, {@value Spiller#PATIENCE_NANOS} and {@value #PATIENCE_NANOS} ns
 * at most, and a partial write, which a kernel never sends to its swap. While one waits for the disk the door is opened
 * again, so that stores that RAM can take go on. The search begins anew then, but for a look of the file's keeper,
 * which may take longer than any door is closed: that goes on, and counts if all who came in have ended, and none of
 * them has refuted the suspicion. What the device does not give back is waited for as long as it may come back
 * ({@link Suspects}), and then given up.
 */
final class RoomSearch {
    private static final long TURN_MILLIS = 50;

    /** How long one try in turn may wait for the backing file's staging buffers. */
    private static final long PATIENCE_NANOS = 10_000_000;

    /** How long a complete look may take before the store tries again by itself. */
    private static final long LOOK_NANOS = 1_000_000_000;

    /** How long other stores are kept waiting by the door. */
    private static final long CLOSED_NANOS = 250_000_000;

    private static final long PAUSE_NANOS = 1_000_000;

    private final Keeper keeper;
    private final Activity activity;
    private final Fullness fullness;
    private final ReentrantLock turn = new ReentrantLock(true);

    private volatile boolean isDoorClosed;

    /** Whether points 1 to 3 hold. Of whoever has the turn. */
    private boolean isLookedFor;

    RoomSearch(Keeper keeper, Activity activity, Fullness fullness) {
        this.keeper = keeper;
        this.activity = activity;
        this.fullness = fullness;
    }

    /** Whether this thread must not look for room now. */
    boolean isClosedTo(Workspace work) {
        return isDoorClosed && work.patience == 0;
    }

    /** Waits a while for the turn. If it does not come, there may be room without it. */
    boolean takeTurn(Workspace work) {
        try {
            if (!turn.tryLock(TURN_MILLIS, TimeUnit.MILLISECONDS)) {
                return false;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            turn.lock();
        }
        work.patience = PATIENCE_NANOS;
        isLookedFor = false;
        return true;
    }

    void endTurn(Workspace work) {
        work.patience = 0;
        isDoorClosed = false;
        keeper.setScarce(false);
        turn.unlock();
    }

    /**
     * Looks for room after a try in turn that found none.
     *
     * @return true if there is certainly none; false if it should be tried again: who finds no memory for a slot's word
     *     is told then
     */
    boolean isExhausted(Workspace work) {
        if (isLookedFor && !work.isMapShort && !work.isFileBusy && fullness.confirm()) {
            return true;
        }
        keeper.setScarce(true);
        isDoorClosed = false;
        isLookedFor = !work.isMapShort && look(work);
        if (work.isMapShort) {
            lookForMemory();
        }
        return false;
    }

    private void lookForMemory() {
        if (keeper.look(LOOK_NANOS) == Look.NOTHING) {
            fullness.noMemoryFound();
        }
    }

    private boolean look(Workspace work) {
        if (work.isFileBusy) {
            LockSupport.parkNanos(PAUSE_NANOS); // It says so itself when it has room, or is broken.
            return false;
        }
        if (keeper.look(LOOK_NANOS) != Look.NOTHING) {
            return false;
        }
        isDoorClosed = true;
        keeper.suspectFullness();
        if (!activity.awaitOthers(work, CLOSED_NANOS)) {
            isDoorClosed = false;
            LockSupport.parkNanos(CLOSED_NANOS);
            return false;
        }
        return keeper.lookForTheLast(CLOSED_NANOS) == Look.NOTHING;
    }
}
