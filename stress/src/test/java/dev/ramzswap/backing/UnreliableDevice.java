package dev.ramzswap.backing;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** A plain file that fails, lies or is slow, as it is told. */
public final class UnreliableDevice implements BlockDevice {
    /** How it behaves. */
    public enum Mood {
        HEALTHY,
        /** A third of its calls end in an error, or half-way. */
        FAILING,
        /** All calls end in an error. */
        DEAD,
        /** All calls take some milliseconds. */
        SLOW,
        /** It says that it has written, when it has not, or has written rubbish to one page of it. */
        LYING
    }

    private static final Delays SHORT = new Delays(1_000_000, 10_000_000, 1_000_000, 5_000_000_000L);
    private static final long SLOW_NANOS = 5_000_000;

    private final BlockDevice device;
    private final SplittableRandom random;
    private final MemorySegment rubbish = Arena.ofAuto().allocate(ALIGNMENT, ALIGNMENT);
    private volatile Mood mood = Mood.HEALTHY;

    private UnreliableDevice(BlockDevice device, long seed) {
        this.device = device;
        this.random = new SplittableRandom(seed);
        rubbish.fill((byte) 0xee);
    }

    /** Opens a backing file on such a device, which is given to {@code opened} first. */
    public static BackingFile open(BackingConfig config, long seed, Consumer<UnreliableDevice> opened)
            throws IOException {
        Devices.Opener opener = ofConfig -> {
            UnreliableDevice device = new UnreliableDevice(Devices.open(ofConfig), seed);
            opened.accept(device);
            return device;
        };
        return BackingFile.open(config, opener, SHORT);
    }

    /** From now on. */
    public void be(Mood mood) {
        this.mood = mood;
    }

    @Override
    public int read(MemorySegment into, int length, long position) throws IOException {
        int possible = possible(length);
        return possible == 0 ? 0 : device.read(into, possible, position);
    }

    @Override
    public int write(MemorySegment from, int length, long position) throws IOException {
        if (mood == Mood.LYING) {
            return pretend(from, length, position);
        }
        int possible = possible(length);
        return possible == 0 ? 0 : device.write(from, possible, position);
    }

    private int possible(int length) throws IOException {
        switch (mood) {
            case SLOW -> LockSupport.parkNanos(SLOW_NANOS);
            case DEAD -> throw new IOException("injected: Input/output error");
            case FAILING -> {
                int fate = below(6);
                if (fate == 0) {
                    throw new IOException("injected: No space left on device");
                }
                return fate == 1 ? length / 2 / ALIGNMENT * ALIGNMENT : length;
            }
            default -> {}
        }
        return length;
    }

    private int pretend(MemorySegment from, int length, long position) throws IOException {
        if (below(2) == 0) {
            return length;
        }
        int written = device.write(from, length, position);
        device.write(rubbish, ALIGNMENT, position + (long) below(length / ALIGNMENT) * ALIGNMENT);
        return written;
    }

    private synchronized int below(int bound) {
        return random.nextInt(bound);
    }

    @Override
    public void close() throws IOException {
        device.close();
    }
}
