package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import java.lang.foreign.MemorySegment;

/**
 * Reads a segment once more, piece by piece, where records are that are not intact in what was read of it as a whole.
 * Each read may take the device long ({@link RoomSearch}): so a piece is read once for all the records that lie there,
 * or a few times, if it is given and they are not intact. Nobody is at work meanwhile, and nothing is pinned. Used by
 * one thread.
 */
final class SecondReading {
    /** How often what the device gives is read again if records are not intact. */
    private static final int ROUNDS = 3;

    private final SlotMap map;
    private final BackingFile file;
    private final Runnable meanwhile;

    /** Its record is the one that is being looked at. */
    private final Workspace work;

    /** What is read: not over what was read before, where others may be intact. */
    private final MemorySegment again = MemorySegment.ofArray(new byte[BackingFile.SEGMENT_BYTES]);

    /** Pieces of it that the device gave in this round. */
    private long givenPieces;

    /** Those that it did not give, which are not tried again. */
    private long refusedPieces;

    /** @param meanwhile is run after each record, which may take long; it may use the workspace */
    SecondReading(SlotMap map, BackingFile file, Runnable meanwhile, Workspace work) {
        this.map = map;
        this.file = file;
        this.meanwhile = meanwhile;
        this.work = work;
    }

    /**
     * Puts what is intact now into the content.
     *
     * @return the pieces of the segment for which a record is not intact even so: those that the device refuses, or all
     *     that it lies in if they were given
     */
    long run(MemorySegment records, long segment, int length) {
        refusedPieces = 0;
        long failedPieces = -1;
        for (int round = 0; round < ROUNDS && (failedPieces & ~refusedPieces) != 0; round++) {
            givenPieces = 0;
            failedPieces = readAll(records, segment, length);
        }
        return failedPieces;
    }

    private long readAll(MemorySegment records, long segment, int length) {
        long failedPieces = 0;
        for (long slot = map.nextUsed(0); slot < map.slots(); slot = map.nextUsed(slot + 1)) {
            long word = map.get(slot);
            if (isWithin(word, segment, length)) {
                failedPieces |= read(records, segment, slot, word);
                meanwhile.run();
            }
        }
        return failedPieces;
    }

    private long read(MemorySegment records, long segment, long slot, long word) {
        int at = (int) (Slot.place(word) - segment);
        if (isShownIntact(records, at, slot, word)) {
            return 0;
        }
        long pieces = piecesOf(at, word);
        readPieces(segment, pieces);
        long refused = pieces & refusedPieces;
        if (refused == 0 && isShownIntact(again, at, slot, word)) {
            MemorySegment.copy(again, at, records, at, Record.bytes(word));
            return 0;
        }
        if (!Slot.sameCopy(map.get(slot), word)) {
            return 0;
        }
        return refused == 0 ? pieces : refused;
    }

    /** Reads what was not read yet of some pieces, until one is refused. */
    private void readPieces(long segment, long pieces) {
        for (long left = pieces & ~givenPieces; left != 0 && (pieces & refusedPieces) == 0; left &= left - 1) {
            long begin = (long) Long.numberOfTrailingZeros(left) * Suspects.PIECE_BYTES;
            int result = file.read(segment + begin, Suspects.PIECE_BYTES, again, begin, work.readBuffer);
            if (result == BackingFile.OK) {
                givenPieces |= Long.lowestOneBit(left);
            } else {
                refusedPieces |= Long.lowestOneBit(left);
            }
        }
    }

    /** A bit for each piece of a segment in which a word's record lies that begins at {@code at}. */
    static long piecesOf(int at, long word) {
        int first = at / Suspects.PIECE_BYTES;
        int last = Math.min((at + Record.bytes(word) - 1) / Suspects.PIECE_BYTES, Long.SIZE - 1);
        return -1L >>> Long.SIZE - 1 - (last - first) << first;
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
