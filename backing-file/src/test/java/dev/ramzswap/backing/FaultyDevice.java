package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongPredicate;

/** A device in memory that fails as it is told; a write that fails leaves rubbish where it should have written. */
final class FaultyDevice implements BlockDevice {
    /** What goes wrong. */
    enum Fault {
        NONE,
        EIO,
        ENOSPC,
        SHORT,
        SLOW
    }

    /** Chooses a fault for a call; calls are numbered from 0, reads and writes on their own. */
    interface Plan {
        Fault fault(int call);
    }

    static final Plan HEALTHY = call -> Fault.NONE;
    static final Plan DEAD = call -> Fault.EIO;

    final MemorySegment content;
    final AtomicInteger readCalls = new AtomicInteger();
    final AtomicInteger writeCalls = new AtomicInteger();
    volatile Plan reads = HEALTHY;
    volatile Plan writes = HEALTHY;
    /** So many of the first segments cannot be written. */
    volatile int badSegments;

    /** Blocks that cannot be read, by their positions. */
    volatile LongPredicate unreadable = position -> false;

    /** Where writes fail, by their positions. */
    volatile LongPredicate unwritable = position -> false;

    volatile boolean closed;

    FaultyDevice(int segments) {
        content = Arena.ofAuto().allocate((long) segments * SEGMENT_BYTES, ALIGNMENT);
    }

    /** The fault at one call, none at all others. */
    static Plan at(int call, Fault fault) {
        return current -> current == call ? fault : Fault.NONE;
    }

    long size() {
        return content.byteSize();
    }

    @Override
    public int read(MemorySegment into, int length, long position) throws IOException {
        check(into, length, position);
        int done = fail(reads.fault(readCalls.getAndIncrement()), length);
        for (long at = position; at < position + length; at += ALIGNMENT) {
            fail(unreadable.test(at) ? Fault.EIO : Fault.NONE, length);
        }
        MemorySegment.copy(content, position, into, 0, done);
        return done;
    }

    @Override
    public int write(MemorySegment from, int length, long position) throws IOException {
        check(from, length, position);
        boolean isBad = position < (long) badSegments * SEGMENT_BYTES || unwritable.test(position);
        Fault fault = isBad ? Fault.EIO : writes.fault(writeCalls.getAndIncrement());
        if (fault != Fault.NONE && fault != Fault.SLOW) {
            content.asSlice(position, length).fill((byte) 0xEE);
        }
        int done = fail(fault, length);
        MemorySegment.copy(from, 0, content, position, done);
        return done;
    }

    private static int fail(Fault fault, int length) throws IOException {
        return switch (fault) {
            case EIO -> throw new IOException("Input/output error");
            case ENOSPC -> throw new IOException("No space left on device");
            case SHORT -> length / 2;
            case SLOW -> {
                LockSupport.parkNanos(2_000_000);
                yield length;
            }
            case NONE -> length;
        };
    }

    private void check(MemorySegment memory, int length, long position) {
        if (closed || (memory.address() | length | position) % ALIGNMENT != 0) {
            throw new AssertionError("closed or not aligned: " + memory + ", " + length + " at " + position);
        }
    }

    @Override
    public void close() {
        closed = true;
    }

    @Override
    public String toString() {
        return "faulty device";
    }
}
