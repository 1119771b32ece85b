package dev.ramzswap.backing;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;

/** A device in memory whose first segments take what is written, and never give it back. */
public final class DeadAreaDevice extends MemoryDevice {
    private final long deadBytes;
    private final Delays delays;

    /** How long each read there takes to fail. */
    private volatile long failureNanos;

    /** @param patienceNanos for how long what fails may come back */
    public DeadAreaDevice(int deadSegments, int otherSegments, long patienceNanos) {
        super((long) otherSegments * BackingFile.SEGMENT_BYTES);
        this.deadBytes = (long) deadSegments * BackingFile.SEGMENT_BYTES;
        this.delays = new Delays(1_000, 1_000, 600_000_000_000L, patienceNanos);
    }

    public void setFailureNanos(long nanos) {
        failureNanos = nanos;
    }

    /** Opens a backing file on it, whatever path the configuration names. */
    public BackingFile open(BackingConfig config) throws IOException {
        return BackingFile.open(config, unused -> this, delays);
    }

    @Override
    public int read(MemorySegment into, int length, long position) throws IOException {
        if (position < deadBytes) {
            pause(failureNanos);
            throw new IOException("injected: Input/output error");
        }
        return super.read(into, length, position - deadBytes);
    }

    /** Also if whoever reads is woken meanwhile. */
    private static void pause(long nanos) {
        long end = System.nanoTime() + nanos;
        for (long left = nanos; left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    @Override
    public int write(MemorySegment from, int length, long position) throws IOException {
        return position < deadBytes ? length : super.write(from, length, position - deadBytes);
    }
}
