package dev.ramzswap.backing;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;

/** A device in memory whose next read of a record waits at a gate, and then reads what is there by then. */
public final class GatedDevice extends MemoryDevice {
    private volatile CountDownLatch reached = new CountDownLatch(1);
    private volatile CountDownLatch gate = new CountDownLatch(1);
    private volatile boolean isArmed;

    public GatedDevice(int segments) {
        super((long) segments * BackingFile.SEGMENT_BYTES);
    }

    /** Opens a backing file on it, whatever path the configuration names. */
    public BackingFile open(BackingConfig config) throws IOException {
        return BackingFile.open(config, unused -> this, Delays.STANDARD);
    }

    /** The next read waits. */
    public void arm() {
        reached = new CountDownLatch(1);
        gate = new CountDownLatch(1);
        isArmed = true;
    }

    public void awaitReached() throws InterruptedException {
        reached.await();
    }

    public void goOn() {
        gate.countDown();
    }

    @Override
    public int read(MemorySegment into, int length, long position) throws IOException {
        if (isArmed && length != BackingFile.SEGMENT_BYTES) {
            isArmed = false;
            reached.countDown();
            try {
                gate.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
        return super.read(into, length, position);
    }
}
