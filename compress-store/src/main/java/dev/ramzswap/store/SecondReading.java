package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import java.lang.foreign.MemorySegment;

/**
 * Reads a segment once more, piece by piece, where records are that are not intact in what was read of it as a whole.
 * Each read may take the device long ({@link RoomSearch}): so a piece is read once for all the records that lie there,
 * or a few times, if all that they lie in is given and they are not intact. All of a record's pieces are, also if one
 * of them is refused: or which of them are known to fail would hang upon what else is live. Nobody is at work
 * meanwhile, and nothing is pinned. Used by one thread.
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
    private MemorySegment again;

    /** Pieces that the device gave in this round. */
    private long givenPieces;

    /** Those that it did not give, which are not tried again. */
    private long refusedPieces;

    /** Those in which a record lies of which one was refused. */
    private long besideRefused;

    /** Of the records that are not intact even so, in this round: those that were refused. */
    private long failedRefused;

    /** Those in which a record begins that is not intact though all of its pieces were given. */
    private long failedWrong;

    /** @param meanwhile is run after each record, which may take long; it may use the workspace */
    SecondReading(SlotMap map, BackingFile file, Runnable meanwhile, Workspace work) {
        this.map = map;
        this.file = file;
        this.meanwhile = meanwhile;
        this.work = work;
    }

    /** Puts what is intact now into the content. Returns the pieces for which a record is not intact even so. */
    FailedPieces run(MemorySegment records, long segment, int length) {
        again = MemorySegment.ofArray(new byte[BackingFile.SEGMENT_BYTES]);
        refusedPieces = 0;
        besideRefused = 0;
        int round = 0;
        do {
            givenPieces = 0;
            failedRefused = 0;
            failedWrong = 0;
            readAll(records, segment, length);
        } while (failedWrong != 0 && ++round < ROUNDS);
        again = null;
        return new FailedPieces(failedRefused, failedWrong);
    }

    private void readAll(MemorySegment records, long segment, int length) {
        for (long slot = map.nextUsed(0); slot < map.slots(); slot = map.nextUsed(slot + 1)) {
            long word = map.get(slot);
            if (isWithin(word, segment, length)) {
                read(records, segment, slot, word);
                meanwhile.run();
            }
        }
    }

    private void read(MemorySegment records, long segment, long slot, long word) {
        int at = (int) (Slot.place(word) - segment);
        if (isShownIntact(records, at, slot, word)) {
            return;
        }
        long pieces = piecesOf(at, word);
        readPieces(segment, pieces);
        long refused = pieces & refusedPieces;
        if (refused == 0 && isShownIntact(again, at, slot, word)) {
            MemorySegment.copy(again, at, records, at, Record.bytes(word));
        } else if (Slot.sameCopy(map.get(slot), word)) {
            failedRefused |= refused;
            failedWrong |= refused == 0 ? Long.lowestOneBit(pieces) : 0;
        }
    }

    /** Reads what was not read yet of a record's pieces; in no other round again if one of them is refused. */
    private void readPieces(long segment, long pieces) {
        long left = pieces & ~(givenPieces | refusedPieces);
        if ((pieces & refusedPieces) != 0) {
            left &= ~besideRefused;
        }
        for (; left != 0; left &= left - 1) {
            long begin = (long) Long.numberOfTrailingZeros(left) * Suspects.PIECE_BYTES;
            int result = file.read(segment + begin, Suspects.PIECE_BYTES, again, begin, work.readBuffer);
            if (result == BackingFile.OK) {
                givenPieces |= Long.lowestOneBit(left);
            } else {
                refusedPieces |= Long.lowestOneBit(left);
            }
        }
        besideRefused |= (pieces & refusedPieces) != 0 ? pieces : 0;
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
