package dev.ramzswap.backing;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Set;

/**
 * A device in memory whose writes fail from some time on; the last segment that is tried is written, and it is gone.
 */
public final class FlickeringDevice extends MemoryDevice {
    private static final Delays DELAYS = new Delays(1_000_000, 50_000_000, 1_000_000, 200_000_000);

    /** It is written when it was tried so often: all others have failed often enough by then. */
    private static final int TRIES = 5;

    private final Set<Long> failed = new HashSet<>();
    private boolean isDying;
    private volatile boolean isGone;
    private int tries;

    public FlickeringDevice(int segments) {
        super((long) segments * BackingFile.SEGMENT_BYTES);
    }

    /** Opens a backing file on it, whatever path the configuration names. */
    public BackingFile open(BackingConfig config) throws IOException {
        return BackingFile.open(config, unused -> this, DELAYS);
    }

    public synchronized void die() {
        isDying = true;
    }

    public boolean isGone() {
        return isGone;
    }

    @Override
    public int read(MemorySegment into, int length, long position) throws IOException {
        if (isGone) {
            throw new IOException("injected: No such device");
        }
        return super.read(into, length, position);
    }

    @Override
    public synchronized int write(MemorySegment from, int length, long position) throws IOException {
        if (isDying && (isGone || !isLast(position) || ++tries < TRIES)) {
            throw new IOException("injected: Input/output error");
        }
        isGone = isDying;
        return super.write(from, length, position);
    }

    /** Of the segments that the flusher writes; others are tried by a rescue. */
    private boolean isLast(long position) {
        if (!Thread.currentThread().getName().equals("backing-flusher")) {
            return false;
        }
        boolean isLast = failed.size() == Staging.MOST_OF_STORES && !failed.contains(position);
        if (!isLast) {
            failed.add(position);
        }
        return isLast;
    }
}
