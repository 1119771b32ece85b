package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.FAILED;
import static dev.ramzswap.backing.BackingFile.WOULD_WAIT;
import static dev.ramzswap.backing.SegmentTable.NONE;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Where records are gathered until they are a segment, and whence segments are written: the {@link StagingBuffers}, the
 * {@link Lanes} that records come in by, and the waiting for both.
 *
 * <p>A segment that could not be written three times, while others could, is condemned: the {@link Rescue} writes it to
 * another one, and it is not used again for a while. If no buffer is left to stores and none could be written, one of
 * them is condemned as well, since the next segment may be a better one.
 *
 * <p>One lock for all, held for a copy of a record at most; no input or output happens under it. It is a
 * {@link ReentrantLock} and not a monitor since a contended monitor takes native memory. Waiters are not interruptible.
 */
final class Staging {
    static final int BUFFERS = 8;

    /** Segments that stores leave free, so that compaction can always proceed. */
    static final int RESERVE = 2;

    /** Buffers that stores may take: one is left to cleaning. */
    static final int MOST_OF_STORES = BUFFERS - 1;

    private final SegmentTable table;
    private final WriteRetries retries;

    /** Guarded by the lock, but for contents. */
    final StagingBuffers buffers;

    final Lanes lanes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition emptied = lock.newCondition();
    private final Condition sealed = lock.newCondition();

    private boolean closed;

    /** Takes over the segments that the table says are staged. */
    Staging(MemorySegment memory, SegmentTable table, boolean encrypt, Delays delays) {
        this.table = table;
        this.retries = new WriteRetries(delays);
        this.buffers = new StagingBuffers(memory, table, encrypt, retries);
        this.lanes = new Lanes(table, buffers, retries, encrypt, emptied, sealed);
    }

    /** From now on live bytes are known, so that segments may be taken, dropped and written. */
    void start() {
        lock.lock();
        try {
            lanes.start();
        } finally {
            lock.unlock();
        }
    }

    /** A record that ends at {@code end} of a segment was staged by an earlier daemon. */
    void adopt(int segment, int end) {
        lock.lock();
        try {
            buffers.adopt(segment, end);
        } finally {
            lock.unlock();
        }
    }

    /** The place of the record, NO_ROOM, FAILED, or, if there is no empty buffer after so long, WOULD_WAIT. */
    long append(Lane lane, MemorySegment from, long offset, int length, long nanos) {
        boolean isInterrupted = false;
        lock.lock();
        try {
            long place = tryAppend(lane, from, offset, length);
            long end = nanos > 0 ? System.nanoTime() + nanos : 0;
            for (long left = nanos; place == WOULD_WAIT && left > 0; left = end - System.nanoTime()) {
                isInterrupted |= await(emptied, left);
                place = tryAppend(lane, from, offset, length);
            }
            return place;
        } finally {
            lock.unlock();
            if (isInterrupted) {
                Thread.currentThread().interrupt(); // For what he does next.
            }
        }
    }

    /** Whether the thread was interrupted. */
    private static boolean await(Condition condition, long nanos) {
        try {
            condition.awaitNanos(nanos);
            return false;
        } catch (InterruptedException e) {
            return true;
        }
    }

    /** Waits for the next segment to write, and returns its buffer; NONE when closed. */
    int takeSealed() {
        lock.lock();
        try {
            while (!closed) {
                lanes.dropDead();
                int buffer = buffers.firstDue();
                if (buffer == NONE) {
                    sealed.awaitUninterruptibly();
                    continue;
                }
                long wait = retries.due(buffer) - System.nanoTime();
                if (wait <= 0) {
                    buffers.beginWriting(buffer);
                    return buffer;
                }
                await(sealed, wait); // Nobody interrupts the flusher to any purpose.
            }
            return NONE;
        } finally {
            lock.unlock();
        }
    }

    /** The segment in a buffer taken by {@link #takeSealed} is on the device. */
    void written(int buffer) {
        table.written(buffers.segment(buffer));
        buffers.clear(buffer);
        lock.lock();
        try {
            retries.succeeded(buffer);
            buffers.release(buffer);
            emptied.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The segment in a buffer taken by {@link #takeSealed} could not be written: it stays, to be tried again. */
    void failed(int buffer, long begin) {
        lock.lock();
        try {
            buffers.failed(buffer, begin, !lanes.isAnyLeft(lanes.stores));
            emptied.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Whether there are segments whose write has failed. */
    boolean failing() {
        return retries.isFailing();
    }

    /** For how many nanoseconds the device as a whole is known to have failed; 0 if it does not, or nobody tries it. */
    long failingNanos() {
        lock.lock();
        try {
            return closed ? 0 : retries.failingNanos();
        } finally {
            lock.unlock();
        }
    }

    /** Whether a segment is about to be written: room may come of it. */
    boolean isWriting() {
        lock.lock();
        try {
            return buffers.isAnyToBeWritten();
        } finally {
            lock.unlock();
        }
    }

    /** A buffer whose segment cannot be written, {@link SegmentTable#NONE} if there is none. */
    int condemned() {
        lock.lock();
        try {
            return buffers.condemned();
        } finally {
            lock.unlock();
        }
    }

    /** Tries a condemned segment again, from which not all could be moved. */
    void reprieve(int buffer) {
        lock.lock();
        try {
            buffers.reprieve(buffer);
            sealed.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Whether so many bytes of moved records, no more than a segment, find room without waiting for anything. */
    boolean hasRoomToMove(int bytes) {
        lock.lock();
        try {
            return lanes.hasRoomToMove(bytes);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes a free segment for what cannot be written where it is; {@link SegmentTable#NONE} if none is to spare. One
     * is left to cleaning, unless there is no buffer for that.
     */
    int reserve() {
        lock.lock();
        try {
            return lanes.reserve();
        } finally {
            lock.unlock();
        }
    }

    /** The device works: a segment was written that was not staged. */
    void succeeded() {
        lock.lock();
        try {
            retries.succeeded();
            sealed.signal();
        } finally {
            lock.unlock();
        }
    }

    /** A condemned segment could not be written once more. */
    void failedAgain(int buffer, long begin) {
        lock.lock();
        try {
            retries.failed(buffer, begin);
        } finally {
            lock.unlock();
        }
    }

    /** Gives a condemned segment up, if no record in it is live. Whether it did. */
    boolean abandon(int buffer) {
        lock.lock();
        try {
            boolean isAbandoned = buffers.abandon(buffer);
            if (isAbandoned) {
                emptied.signalAll();
            }
            return isAbandoned;
        } finally {
            lock.unlock();
        }
    }

    /** Ends all waiting. What is staged stays so. */
    void close() {
        lock.lock();
        try {
            closed = true;
            emptied.signalAll();
            sealed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private long tryAppend(Lane lane, MemorySegment from, long offset, int length) {
        if (length <= 0 || length > BackingFile.MAX_RECORD_BYTES) {
            throw new IllegalArgumentException("a record of " + length + " bytes");
        }
        return closed ? FAILED : lanes.append(lane, from, offset, length);
    }
}
