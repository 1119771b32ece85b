package dev.ramzswap.backing;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A device in memory that fails at one of its calls, or from that one on. A write that fails leaves rubbish where it
 * should have written.
 */
public final class SweptDevice extends MemoryDevice {
    /** What happens to the call. */
    public enum Fault {
        EIO,
        ENOSPC,
        SHORT,
        /** This call and all later ones end in EIO, until {@link #heal}. */
        GONE,
        /** It stands still until {@link #heal}. */
        SLOW
    }

    /** Calls that are numbered, from 0. */
    public enum Call {
        WRITE,
        /** Of a record. */
        READ,
        /** Of a whole segment, by compaction. */
        COMPACTION
    }

    private static final Delays SHORT_DELAYS = new Delays(1_000_000, 4_000_000, 1_000_000, 0);

    private final Fault fault;
    private final Call call;
    private final int number;
    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicInteger failedReads = new AtomicInteger();
    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch healed = new CountDownLatch(1);
    private volatile String holder = "";

    /**
     * @param segments how large it is, in segments of a backing file
     * @param number of the call that fails
     */
    public SweptDevice(int segments, Fault fault, Call call, int number) {
        super((long) segments * BackingFile.SEGMENT_BYTES);
        this.fault = fault;
        this.call = call;
        this.number = number;
    }

    /** Opens a backing file on it, whatever path the configuration names. */
    public BackingFile open(BackingConfig config) throws IOException {
        return BackingFile.open(config, unused -> this, SHORT_DELAYS);
    }

    /** Whether the faulty call has begun. */
    public boolean isReached() {
        return reached.getCount() == 0;
    }

    /** Waits for the faulty call to begin; false if it has not in so many milliseconds. */
    public boolean awaitReached(long millis) throws InterruptedException {
        return reached.await(millis, TimeUnit.MILLISECONDS);
    }

    /** The name of the thread that made the faulty call; the first one, if there are several. */
    public String holder() {
        return holder;
    }

    /** Reads that were made to fail. */
    public int failedReads() {
        return failedReads.get();
    }

    /** Ends the fault. */
    public void heal() {
        healed.countDown();
    }

    private boolean isHealed() {
        return healed.getCount() == 0;
    }

    @Override
    public int read(MemorySegment into, int length, long position) throws IOException {
        int done = length;
        if (isFaulty(length == BackingFile.SEGMENT_BYTES ? Call.COMPACTION : Call.READ)) {
            failedReads.getAndIncrement();
            done = fail(length);
        }
        return super.read(into, done, position);
    }

    @Override
    public int write(MemorySegment from, int length, long position) throws IOException {
        int done = length;
        if (isFaulty(Call.WRITE)) {
            content.asSlice(position, length).fill((byte) 0xEE);
            done = fail(length);
        }
        return super.write(from, done, position);
    }

    private boolean isFaulty(Call kind) {
        int current = kind == call ? calls.getAndIncrement() : -1;
        boolean isHit = current == number || fault == Fault.GONE && isReached();
        return isHit && !isHealed();
    }

    private int fail(int length) throws IOException {
        if (!isReached()) {
            holder = Thread.currentThread().getName();
            reached.countDown();
        }
        return switch (fault) {
            case EIO, GONE -> throw new IOException("injected: Input/output error");
            case ENOSPC -> throw new IOException("injected: No space left on device");
            case SHORT -> length / 2;
            case SLOW -> {
                awaitHealed();
                yield length;
            }
        };
    }

    private void awaitHealed() throws IOException {
        try {
            healed.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Override
    public String toString() {
        return "swept device";
    }
}
