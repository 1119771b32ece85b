package dev.ramzswap.backing;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/** A plain file in which the next read of a record stands still when that is asked for. */
public final class HangingDevice implements BlockDevice {
    private final BlockDevice file;
    private volatile long hangNanos;
    private volatile CountDownLatch hanging = new CountDownLatch(1);

    private HangingDevice(BlockDevice file) {
        this.file = file;
    }

    /** Where the device is put, to be told of hanging. */
    public interface Sink {
        void accept(HangingDevice device);
    }

    /** Opens a backing file on one. */
    public static BackingFile open(BackingConfig config, Sink sink) throws IOException {
        Devices.Opener opener = opened -> {
            HangingDevice device = new HangingDevice(Devices.open(opened));
            sink.accept(device);
            return device;
        };
        return BackingFile.open(config, opener, Delays.STANDARD);
    }

    /** The next read of a record takes so long. */
    public void hang(long nanos) {
        hanging = new CountDownLatch(1);
        hangNanos = nanos;
    }

    /** Waits until it has begun. */
    public void awaitHanging() throws InterruptedException {
        hanging.await();
    }

    @Override
    public int read(MemorySegment into, int length, long position) throws IOException {
        long nanos = take(length);
        if (nanos > 0) {
            hanging.countDown();
            LockSupport.parkNanos(nanos);
        }
        return file.read(into, length, position);
    }

    private synchronized long take(int length) {
        long nanos = length < BackingFile.SEGMENT_BYTES ? hangNanos : 0;
        hangNanos -= nanos;
        return nanos;
    }

    @Override
    public int write(MemorySegment from, int length, long position) throws IOException {
        return file.write(from, length, position);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
