package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * A device in memory that, once it is spoilt, gives back all of none of its first three segments. Of the first, its
 * beginning takes long to fail, and it is not always the same piece that fails besides.
 */
public final class UnsteadyDevice extends MemoryDevice {
    private static final int PIECE_BYTES = SEGMENT_BYTES / Long.SIZE;

    private final long patienceNanos;
    private volatile boolean isSpoilt;

    /** Of the first segment in one piece. */
    private volatile int looks;

    /** @param patienceNanos for how long what fails may come back */
    public UnsteadyDevice(int segments, long patienceNanos) {
        super((long) segments * SEGMENT_BYTES);
        this.patienceNanos = patienceNanos;
    }

    /** Opens a backing file on it, whatever path the configuration names. */
    public BackingFile open(BackingConfig config) throws IOException {
        return BackingFile.open(config, unused -> this, new Delays(1_000, 1_000, 600_000_000_000L, patienceNanos));
    }

    public void spoil() {
        isSpoilt = true;
    }

    @Override
    public int read(MemorySegment into, int length, long position) throws IOException {
        if (isSpoilt && length == SEGMENT_BYTES && position == 0) {
            looks++;
        }
        if (isSpoilt
                && IntStream.of(0, 1 + looks % 2, Long.SIZE, 2 * Long.SIZE)
                        .anyMatch(piece -> isIn(position, length, piece))) {
            LockSupport.parkNanos(position == 0 && length < SEGMENT_BYTES ? patienceNanos * 6 / 5 : 0);
            throw new IOException("injected: Input/output error");
        }
        return super.read(into, length, position);
    }

    private static boolean isIn(long position, int length, int piece) {
        long begin = (long) piece * PIECE_BYTES;
        return position < begin + PIECE_BYTES && position + length > begin;
    }
}
