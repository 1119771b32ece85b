package dev.ramzswap.backing;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** A device in front of a real one that fails some of its calls, or takes long for them, while it is told to. */
public final class FailingDevice implements BlockDevice {
    private static final Delays SHORT = new Delays(1_000_000, 10_000_000, 1_000_000, 5_000_000_000L);

    private final BlockDevice device;
    private final SplittableRandom random;
    private final AtomicLong slowReads = new AtomicLong();
    private volatile int percent;
    private volatile int slowPercent;

    private FailingDevice(BlockDevice device, long seed) {
        this.device = device;
        this.random = new SplittableRandom(seed);
    }

    /** Where the device that {@link #open} makes is put, so that a test can tell it to fail. */
    public interface Sink {
        void accept(FailingDevice device);
    }

    public static BackingFile open(BackingConfig config, long seed, Sink sink) throws IOException {
        Devices.Opener opener = opened -> {
            FailingDevice device = new FailingDevice(Devices.open(opened), seed);
            sink.accept(device);
            return device;
        };
        return BackingFile.open(config, opener, SHORT);
    }

    /** Makes so many of a hundred calls fail from now on. */
    public void fail(int percent) {
        this.percent = percent;
    }

    /** Makes so many of a hundred calls take 50 to 500 ms from now on: less than anybody's patience. */
    public void slow(int percent) {
        this.slowPercent = percent;
    }

    /** How many reads of less than a segment, so by someone who wants a page, took so long. */
    public long slowReads() {
        return slowReads.get();
    }

    @Override
    public int read(MemorySegment into, int length, long position) throws IOException {
        if (delay() && length < BackingFile.SEGMENT_BYTES) {
            slowReads.incrementAndGet();
        }
        return length == result(length) ? device.read(into, length, position) : length / 2;
    }

    @Override
    public int write(MemorySegment from, int length, long position) throws IOException {
        delay();
        // A short write leaves half of the new content there, as a torn one would.
        return device.write(from, result(length) / ALIGNMENT * ALIGNMENT, position);
    }

    /** Returns whether this call is a slow one. */
    private boolean delay() {
        long nanos = delayNanos();
        long end = System.nanoTime() + nanos;
        for (long left = nanos; left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
        return nanos > 0;
    }

    private synchronized long delayNanos() {
        return random.nextInt(100) < slowPercent ? TimeUnit.MILLISECONDS.toNanos(random.nextInt(50, 500)) : 0;
    }

    private synchronized int result(int length) throws IOException {
        if (random.nextInt(100) >= percent) {
            return length;
        }
        if (random.nextBoolean()) {
            throw new IOException("injected: No space left on device");
        }
        return length / 2;
    }

    @Override
    public void close() throws IOException {
        device.close();
    }
}
