package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static dev.ramzswap.backing.SegmentTable.NONE;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/**
 * Makes segments free by moving the live records out of the written segment that has the fewest. The victim is pinned
 * meanwhile, so that what is moved out of it is what was read, even if its last record is freed.
 *
 * <p>At most nine tenths of a victim may be live: below that, each segment of moved records makes room for at least a
 * tenth of a segment of new ones.
 */
final class Compactor implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Compactor.class.getName());

    static final int WORTH_BYTES = SEGMENT_BYTES / 10 * 9;
    private static final int LOW_WATER_PERCENT = 5;
    private static final int LOW_WATER_LEAST = 4;

    private final BlockDevice device;
    private final SegmentTable table;
    private final PageCipher cipher;
    private final MemorySegment records;
    private final long forgetNanos;
    private final int lowWater;

    /** Victims that could not be read; forgotten after a while, since the device may have come back. */
    private final BitSet unreadable;

    /** The victim of the last call if that gained nothing: the next one tries another. */
    private int unmoved = NONE;

    private long forgetAt;
    private volatile long errors;

    /**
     * @param cipher is closed with it
     * @param arena for the memory of our own
     */
    Compactor(BlockDevice device, SegmentTable table, PageCipher cipher, Delays delays, Arena arena) {
        this.device = device;
        this.table = table;
        this.cipher = cipher;
        this.records = arena.allocate(SEGMENT_BYTES, BlockDevice.ALIGNMENT);
        this.forgetNanos = delays.unreadable();
        this.lowWater = Math.max(LOW_WATER_LEAST, table.count() / 100 * LOW_WATER_PERCENT);
        this.unreadable = new BitSet(table.count());
    }

    @Override
    public void close() {
        cipher.close();
    }

    boolean due() {
        return table.free() < lowWater;
    }

    /** Victims that could not be read. */
    long errors() {
        return errors;
    }

    /** Compacts one segment, and returns whether that freed anything in it. One at a time. */
    synchronized boolean compact(Mover mover) {
        int victim = due() ? victim() : NONE;
        if (victim == NONE) {
            return false;
        }
        long word = table.word(victim);
        int before = table.live(victim);
        if (SegmentTable.state(word) == SegmentTable.WRITTEN && table.pin(victim, word)) {
            try {
                if (read(victim, word)) {
                    mover.move(records, (long) victim * SEGMENT_BYTES, SEGMENT_BYTES);
                }
            } finally {
                table.unpin(victim);
            }
        }
        boolean gained = table.word(victim) != word || table.live(victim) < before;
        unmoved = gained ? NONE : victim;
        return gained;
    }

    private int victim() {
        if (!unreadable.isEmpty() && System.nanoTime() - forgetAt >= 0) {
            unreadable.clear();
        }
        int victim = NONE;
        int fewest = WORTH_BYTES + 1;
        for (int segment = 0; segment < table.count(); segment++) {
            int live = table.live(segment);
            if (live < fewest && segment != unmoved && isReadable(segment)) {
                victim = segment;
                fewest = live;
            }
        }
        return victim;
    }

    private boolean isReadable(int segment) {
        return SegmentTable.state(table.word(segment)) == SegmentTable.WRITTEN && !unreadable.get(segment);
    }

    private boolean read(int victim, long word) {
        try {
            int read = device.read(records, SEGMENT_BYTES, (long) victim * SEGMENT_BYTES);
            if (read != SEGMENT_BYTES) {
                throw new IOException("short read: " + read + " of " + SEGMENT_BYTES + " bytes");
            }
        } catch (IOException e) {
            leave(victim, e);
            return false;
        }
        if (SegmentTable.encrypted(word)) {
            cipher.apply(victim, SegmentTable.generation(word), 0, records, 0, records, 0, SEGMENT_BYTES);
        }
        return true;
    }

    private void leave(int victim, IOException e) {
        errors++;
        if (unreadable.isEmpty()) {
            forgetAt = System.nanoTime() + forgetNanos;
            LOG.log(Level.WARNING, device + " cannot be read for compaction at segment " + victim, e);
        }
        unreadable.set(victim);
    }
}
