package dev.ramzswap.backing;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/**
 * A device in memory: from some time on, a part of each of its first segments cannot be read, or is another one, until
 * it is written.
 */
public final class SectorDevice extends MemoryDevice {
    private static final int SECTORS = BackingFile.SEGMENT_BYTES / ALIGNMENT;
    /** Nanoseconds that a device is given to come back. */
    public static final long PATIENCE = 100_000_000;

    private static final Delays DELAYS = new Delays(1_000_000, 50_000_000, 600_000_000_000L, PATIENCE);

    /** Is told of each read before it fails, or does not. */
    public volatile Reader onRead = (_, _) -> {};

    private volatile int failures;

    /** Whoever reads. */
    public interface Reader {
        /** Reads so many bytes. */
        void read(long position, int length) throws IOException;
    }

    /** Sectors that cannot be read. */
    private final BitSet unreadable = new BitSet();

    public SectorDevice(int segments) {
        super((long) segments * BackingFile.SEGMENT_BYTES);
    }

    /** Opens a backing file on it, whatever path the configuration names. */
    public BackingFile open(BackingConfig config) throws IOException {
        return BackingFile.open(config, unused -> this, DELAYS);
    }

    /** One sector of each of so many segments, in its middle. */
    public synchronized void spoil(int segments) {
        for (int segment = 0; segment < segments; segment++) {
            unreadable.set(segment * SECTORS + SECTORS / 2);
        }
    }

    /** One more, of the first segment. */
    public synchronized void spoilSector(int sector) {
        unreadable.set(sector);
    }

    /** So many sectors at the begin of each of so many segments. */
    public synchronized void spoilFirst(int segments, int sectors) {
        for (int segment = 0; segment < segments; segment++) {
            unreadable.set(segment * SECTORS, segment * SECTORS + sectors);
        }
    }

    /** All of so many segments. */
    public synchronized void spoilWhole(int segments) {
        unreadable.set(0, segments * SECTORS);
    }

    /** All of the first of so many segments, of the third, and so on. */
    public synchronized void spoilEverySecond(int segments) {
        for (int segment = 0; segment < segments; segment += 2) {
            unreadable.set(segment * SECTORS, (segment + 1) * SECTORS);
        }
    }

    /** A byte is another one, which is read as if nothing were the matter, until it is written. */
    public synchronized void change(long position) {
        content.set(JAVA_BYTE, position, (byte) ~content.get(JAVA_BYTE, position));
    }

    /** All of it can be read again. */
    public synchronized void heal() {
        unreadable.clear();
    }

    /** Reads that failed. */
    public int failures() {
        return failures;
    }

    public synchronized boolean isUnreadable(long position, int length) {
        int bad = unreadable.nextSetBit((int) (position / ALIGNMENT));
        return bad >= 0 && bad <= (position + length - 1) / ALIGNMENT;
    }

    @Override
    public synchronized int read(MemorySegment into, int length, long position) throws IOException {
        onRead.read(position, length);
        if (isUnreadable(position, length)) {
            failures++;
            throw new IOException("injected: Input/output error");
        }
        return super.read(into, length, position);
    }

    @Override
    public synchronized int write(MemorySegment from, int length, long position) throws IOException {
        unreadable.clear((int) (position / ALIGNMENT), (int) ((position + length) / ALIGNMENT));
        return super.write(from, length, position);
    }
}
