package dev.ramzswap.backing;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/** A device in memory: from some time on, a sector of each of its first segments cannot be read until it is written. */
public final class SectorDevice extends MemoryDevice {
    private static final Delays DELAYS = new Delays(1_000_000, 50_000_000, 600_000_000_000L, 100_000_000);

    /** The segments with such a sector, in their middle. */
    private final BitSet unreadable = new BitSet();

    public SectorDevice(int segments) {
        super((long) segments * BackingFile.SEGMENT_BYTES);
    }

    /** Opens a backing file on it, whatever path the configuration names. */
    public BackingFile open(BackingConfig config) throws IOException {
        return BackingFile.open(config, unused -> this, DELAYS);
    }

    public synchronized void spoil(int segments) {
        unreadable.set(0, segments);
    }

    @Override
    public synchronized int read(MemorySegment into, int length, long position) throws IOException {
        int segment = Places.segment(position);
        long sector = (long) segment * BackingFile.SEGMENT_BYTES + BackingFile.SEGMENT_BYTES / 2;
        if (unreadable.get(segment) && position < sector + ALIGNMENT && position + length > sector) {
            throw new IOException("injected: Input/output error");
        }
        return super.read(into, length, position);
    }

    @Override
    public synchronized int write(MemorySegment from, int length, long position) throws IOException {
        unreadable.clear(Places.segment(position));
        return super.write(from, length, position);
    }
}
