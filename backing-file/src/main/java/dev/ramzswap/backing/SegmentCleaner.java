package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static dev.ramzswap.backing.Cleaning.BUSY;
import static dev.ramzswap.backing.Cleaning.CLEAN;
import static dev.ramzswap.backing.Cleaning.CLEANED;
import static dev.ramzswap.backing.SegmentTable.NONE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Makes segments free by moving the live records out of the written segments that have the fewest. A victim is pinned
 * meanwhile, so that what is moved out of it is what was read, even if its last record is freed.
 *
 * <p><b>Which ones.</b> At most nine tenths of a victim may be live: below that, each segment of moved records makes
 * room for at least a tenth of a segment of new ones. {@link Victims} are chosen many at a time. One from which the
 * mover cannot take all, or that cannot be read, stands back until all others have had their turn.
 *
 * <p><b>Why there always is one</b> when no room is left. Let n segments hold records at nine tenths, so that all
 * records that must find room are fewer ({@link BackingSize#bytesFor}). Of the n + {@value Staging#BUFFERS} +
 * {@value Staging#RESERVE} + 1 segments, stores leave {@value Staging#RESERVE} free, and at most
 * {@value Staging#BUFFERS} are staged. If all others, more than n, were more than nine tenths full, they would hold
 * more than all records. So one is not, and moving what is in it ends with a segment more than before. Records that are
 * there twice, since their words are just being exchanged, are fewer than the staged segments hold.
 *
 * <p><b>Why it can always begin.</b> All records of a victim are moved, or none, and none before there is room for all
 * of them: in the open segment of moved records and in one more. So whenever cleaning has taken a free segment, it has
 * given one back before it takes another, whatever it finds on the way: records that somebody has pinned or that cannot
 * be read, a device that fails. The segment that it takes may be a bad one: then what was moved stays in memory, and
 * what it came from is a good one, where the {@link Rescue} can write it. A daemon that is killed in between leaves a
 * victim half moved, and the next one goes on with the segment that it had taken ({@link Staging#start}).
 */
final class SegmentCleaner implements AutoCloseable {
    static final int WORTH_BYTES = SEGMENT_BYTES / 10 * 9;

    private static final int LOW_WATER_PERCENT = 5;
    private static final int LOW_WATER_LEAST = 4;

    private final BlockDevice device;
    private final SegmentTable table;
    private final Staging staging;
    private final PageCipher cipher;
    private final MemorySegment records;
    private final VictimReader reader;
    private final Mover.Target target;
    private final Victims victims;
    private final Rescue rescue;
    private final ReadFailures failures;
    private final long forgetNanos;
    private final long firstTryNanos;
    private final long reviveNanos;
    private final long patienceNanos;
    private final int lowWater;

    /** Whether a victim could not be emptied for a reason that will pass, since the last complete look. */
    private boolean isBlocked;

    private boolean isForgetting;

    /** Whether one was set aside since the last complete look. */
    private boolean isAnySetAside;

    /** Whether nothing that was tried elsewhere was intact when the last victim was looked at. */
    private boolean isUnreadable;

    /** When the look at the victim began. */
    private long lookedAt;

    private long forgetAt;
    private long tryAgainNanos;
    private long tryAgainAt;
    private long reviveAt = System.nanoTime();

    /**
     * @param cipher and {@code rescue} are closed with it
     * @param scratch memory for a segment, aligned for the device
     * @param target where victims' records go
     * @param arena for the memory of our own
     */
    SegmentCleaner(
            BlockDevice device,
            SegmentTable table,
            Staging staging,
            PageCipher cipher,
            Rescue rescue,
            MemorySegment scratch,
            Mover.Target target,
            Delays delays,
            Arena arena) {
        this.device = device;
        this.table = table;
        this.staging = staging;
        this.cipher = cipher;
        this.records = scratch;
        this.reader = new VictimReader(device, scratch, delays.unreadable());
        this.target = target;
        this.victims = new Victims(table, arena);
        this.rescue = rescue;
        this.failures = new ReadFailures(delays.patience());
        this.forgetNanos = delays.unreadable();
        this.firstTryNanos = delays.firstRetry();
        this.reviveNanos = delays.lastRetry();
        this.patienceNanos = delays.patience();
        this.lowWater = Math.max(LOW_WATER_LEAST, table.count() / 100 * LOW_WATER_PERCENT);
    }

    boolean due() {
        return device.isWritable() && (table.free() < lowWater || staging.condemned() != NONE);
    }

    /** Victims that could not be read. */
    long errors() {
        return reader.errors();
    }

    /** See {@link BackingFile#clean}. One at a time. */
    synchronized Cleaning clean(Mover mover) {
        if (!device.isWritable()) {
            return CLEAN; // Nothing can come of it, and what is not intact there may be so again for a later daemon.
        }
        mover.beginLook();
        return look(mover);
    }

    private Cleaning look(Mover mover) {
        int condemned = staging.condemned();
        if (isRescued(condemned, mover)) {
            return CLEANED;
        }
        // If what cannot be written found no other place, then the free segments may be bad ones: cleaning frees
        // others.
        Cleaning result = condemned != NONE || table.free() < lowWater ? cleanNext(mover) : verdict();
        long failing = staging.failingNanos();
        if (result == CLEANED || failing == 0) {
            return result;
        }
        // While the device fails as a whole, it is not what room can come of.
        return failing < patienceNanos ? BUSY : CLEAN;
    }

    private boolean isRescued(int buffer, Mover mover) {
        if (buffer == NONE) {
            return false;
        }
        long begin = System.nanoTime();
        boolean isRescued = rescue.run(buffer, mover);
        if (!isRescued) {
            failures.addOther(begin);
        }
        return isRescued;
    }

    /**
     * Goes on to the next one if a victim cannot be emptied, so that CLEAN comes of all of them; or of the device, if
     * that has failed as a whole for long. Each victim may take it minutes to fail, and there may be thousands.
     */
    private Cleaning cleanNext(Mover mover) {
        long begin = System.nanoTime();
        for (int victim = nextVictim(); victim != NONE; victim = nextVictim()) {
            // One that does not fit hides no other: they are chosen by their live records, but not in that order.
            if (staging.hasRoomToMove(table.live(victim)) && clean(victim, mover)) {
                return CLEANED;
            }
            victims.standBack(victim);
            // Stores may have no other buffer, and the look at the next ones may take hours.
            if (isRescued(staging.condemned(), mover)) {
                return CLEANED;
            }
            if (failures.isDeviceForLong(begin)) {
                return verdict();
            }
        }
        return isBackAgain(mover) ? CLEANED : verdict();
    }

    /**
     * Tries one of those that were set aside, a different one each time, at longer and longer intervals: if it can be
     * emptied, or if it was the device that failed there and is not any more, all of them are worth a new try. A device
     * that is still gone fails once then, for which whoever spills waits.
     */
    private boolean isBackAgain(Mover mover) {
        if (!isForgetting || System.nanoTime() - tryAgainAt < 0) {
            return false;
        }
        int victim = victims.nextSetAside(WORTH_BYTES);
        if (victim == NONE || mover.isInVain(placeOf(victim)) || !staging.hasRoomToMove(table.live(victim))) {
            return false; // The next look tries another one.
        }
        boolean isBack = isBegun(victim) && (clean(victim, mover) || victims.isUnreadable(victim) && !isUnreadable);
        if (!isBack) {
            tryAgainAfter(Math.min(2 * tryAgainNanos, reviveNanos));
            return false;
        }
        isForgetting = false;
        reader.tellAgain();
        victims.forgetSetAside();
        victims.endLook(); // They stood back, too.
        return true;
    }

    /** The whole of a segment may fail ten times. */
    private boolean isBegun(int victim) {
        long begin = System.nanoTime();
        boolean isBegun = reader.isBegun(victim);
        if (!isBegun) {
            failures.addOther(begin);
        }
        return isBegun;
    }

    private void tryAgainAfter(long nanos) {
        tryAgainNanos = nanos;
        tryAgainAt = System.nanoTime() + nanos;
    }

    /** What comes of a complete look. */
    private Cleaning verdict() {
        boolean isWriting = staging.isWriting();
        boolean isBusy = isBlocked || isWriting;
        isBlocked = false;
        victims.endLook();
        // A device that fails for a moment must not make anybody give up, however long the look at the others took.
        if (isForgetting && !failures.isForLong()) {
            victims.forgetSetAside();
            isForgetting = isAnySetAside;
            isBusy |= isAnySetAside;
        }
        isAnySetAside = false;
        forgetSetAside();
        if (!isWriting && revive()) {
            return CLEANED;
        }
        return isBusy ? BUSY : CLEAN;
    }

    /**
     * When nothing else is left, segments that could not be written are worth a new try: the device may have failed for
     * a while. Those that fail again and again are so once in a while only, or a store that is full would wait for
     * ever.
     */
    private boolean revive() {
        if (staging.failingNanos() > 0) {
            return false;
        }
        boolean isTime = System.nanoTime() - reviveAt >= 0;
        boolean isRevived = table.revive(isTime ? SegmentTable.MOST_TRIES : SegmentTable.MOST_TRIES - 1, table.count());
        if (isRevived && isTime) {
            reviveAt = System.nanoTime() + reviveNanos;
        }
        return isRevived;
    }

    private int nextVictim() {
        int victim = victims.next();
        if (victim == NONE) {
            victims.choose(WORTH_BYTES);
            victim = victims.next();
        }
        return victim;
    }

    /** Whether that freed anything in the victim. */
    private boolean clean(int victim, Mover mover) {
        lookedAt = System.nanoTime();
        if (mover.isInVain(placeOf(victim))) {
            return false;
        }
        long word = table.word(victim);
        int before = table.live(victim);
        if (SegmentWord.state(word) != SegmentWord.WRITTEN || !table.pin(victim, word)) {
            return true;
        }
        try {
            read(victim, word);
            judge(victim, move(victim, mover));
        } finally {
            table.unpin(victim);
        }
        return table.word(victim) != word || table.live(victim) < before;
    }

    private Mover.Result move(int victim, Mover mover) {
        Mover.Result result = mover.move(records, placeOf(victim), SEGMENT_BYTES, table.pinnedCount(victim), target);
        isBlocked |= result == Mover.Result.LATER;
        return result;
    }

    private void judge(int victim, Mover.Result result) {
        isUnreadable = result == Mover.Result.UNREADABLE;
        if (!isUnreadable) {
            failures.endOfDevice();
        }
        switch (result) {
            case DAMAGED, UNREADABLE -> setAside(victim);
            case KEPT -> failures.addOther(lookedAt);
            default -> {}
        }
    }

    private static long placeOf(int segment) {
        return (long) segment * SEGMENT_BYTES;
    }

    private void setAside(int victim) {
        if (victims.isSetAside(victim)) {
            failures.addOther(lookedAt); // That it was tried once more, and in vain, is no new failure.
            return;
        }
        failures.add(lookedAt, !isForgetting, isUnreadable);
        if (!isForgetting) {
            isForgetting = true;
            forgetAt = System.nanoTime() + forgetNanos;
            tryAgainAfter(firstTryNanos);
        }
        isAnySetAside = true;
        victims.setAside(victim, isUnreadable);
    }

    /** After a complete look: the device may have come back. */
    private void forgetSetAside() {
        if (isForgetting && System.nanoTime() - forgetAt >= 0) {
            isForgetting = false;
            victims.forgetSetAside();
        }
    }

    /** What cannot be read is zeroes, and may be of no live record; the mover finds that out. */
    private void read(int victim, long word) {
        reader.read(victim);
        if (SegmentWord.encrypted(word)) {
            cipher.apply(victim, SegmentWord.generation(word), 0, records, 0, records, 0, SEGMENT_BYTES);
        }
    }

    @Override
    public void close() {
        cipher.close();
        rescue.close();
    }
}
