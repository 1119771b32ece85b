package dev.ramzswap.backing;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;

/** A device that answers no write until it is told to. */
public final class HungDevice {
    private final CountDownLatch gate = new CountDownLatch(1);

    /** Opens a backing file on it, whatever path the configuration names. */
    public BackingFile open(BackingConfig config) throws IOException {
        BlockDevice device = new BlockDevice() {
            @Override
            public int read(MemorySegment into, int length, long position) {
                return length;
            }

            @Override
            public int write(MemorySegment from, int length, long position) {
                try {
                    gate.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                return length;
            }

            @Override
            public void close() {}
        };
        return BackingFile.open(config, unused -> device, Delays.STANDARD);
    }

    /** All writes are answered from now on. */
    public void goOn() {
        gate.countDown();
    }
}
