package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import java.lang.foreign.MemorySegment;

/**
 * Reads the records of a segment by themselves that are not intact in what was read of it as a whole. Nobody is at work
 * meanwhile, and nothing is pinned: it may take the device long ({@link RoomSearch}). Used by one thread.
 */
final class SecondReading {
    /** How often a record that is not intact is read once more. */
    private static final int READS_AGAIN = 3;

    private final SlotMap map;
    private final BackingFile file;
    private final Runnable meanwhile;

    /** Its record is the one that is being read. */
    private final Workspace work;

    /** Of the segment that is being read, the pieces that the device did not give. */
    private long refusedPieces;

    /** @param meanwhile is run after each read in vain, which may take long; it may use the workspace */
    SecondReading(SlotMap map, BackingFile file, Runnable meanwhile, Workspace work) {
        this.map = map;
        this.file = file;
        this.meanwhile = meanwhile;
        this.work = work;
    }

    /**
     * Puts what is intact now into the content. The device is asked once for a piece that it refuses, however many
     * records lie there: each time may take it long.
     *
     * @return the pieces of the segment in which a record is that is not intact even so
     */
    long run(MemorySegment records, long segment, int length) {
        long failedPieces = 0;
        refusedPieces = 0;
        for (long slot = map.nextUsed(0); slot < map.slots(); slot = map.nextUsed(slot + 1)) {
            long word = map.get(slot);
            if (isWithin(word, segment, length)) {
                failedPieces |= read(records, (int) (Slot.place(word) - segment), slot, word);
            }
        }
        return failedPieces;
    }

    /** Returns the pieces of the record if it is not intact. */
    private long read(MemorySegment records, int at, long slot, long word) {
        if (isShownIntact(records, at, slot, word)) {
            return 0;
        }
        if (isReadIntact(slot, word)) {
            MemorySegment.copy(work.record.memory, 0, records, at, Record.bytes(word));
            return 0;
        }
        return Slot.sameCopy(map.get(slot), word) ? piecesOf(at, word) : 0;
    }

    /** A bit for each piece of a segment in which a word's record lies that begins at {@code at}. */
    static long piecesOf(int at, long word) {
        int first = at / Suspects.PIECE_BYTES;
        int last = Math.min((at + Record.bytes(word) - 1) / Suspects.PIECE_BYTES, Long.SIZE - 1);
        return -1L >>> Long.SIZE - 1 - (last - first) << first;
    }

    /** Whether a record is what was stored, in one of a few tries; one that the device cannot read, it has tried. */
    private boolean isReadIntact(long slot, long word) {
        boolean isRead = true;
        for (int tries = 0; tries < READS_AGAIN && isRead; tries++) {
            isRead = isRead(word);
            if (isRead && work.record.isIntact(slot, word)) {
                return true;
            }
        }
        meanwhile.run();
        return false;
    }

    /** Reads a record piece by piece, so that it is known which one was refused. */
    private boolean isRead(long word) {
        int at = (int) (Slot.place(word) % BackingFile.SEGMENT_BYTES);
        int bytes = Record.bytes(word);
        boolean isRead = at + bytes <= BackingFile.SEGMENT_BYTES && (piecesOf(at, word) & refusedPieces) == 0;
        for (int begin = 0; isRead && begin < bytes; ) {
            int piece = (at + begin) / Suspects.PIECE_BYTES;
            int end = Math.min((piece + 1) * Suspects.PIECE_BYTES - at, bytes);
            isRead = file.read(Slot.place(word) + begin, end - begin, work.record.memory, begin, work.readBuffer)
                    == BackingFile.OK;
            refusedPieces |= isRead ? 0 : 1L << piece;
            begin = end;
        }
        return isRead;
    }

    /** Whether a record is intact in the content; it is the workspace's then. */
    boolean isShownIntact(MemorySegment records, int at, long slot, long word) {
        int bytes = Record.bytes(word);
        if (at + bytes > records.byteSize()) {
            return false;
        }
        MemorySegment.copy(records, at, work.record.memory, 0, bytes);
        return work.record.isIntact(slot, word);
    }

    static boolean isWithin(long word, long segment, int length) {
        long at = Slot.place(word) - segment;
        return Slot.kind(word) == Slot.KIND_FILE && at >= 0 && at < length;
    }
}
