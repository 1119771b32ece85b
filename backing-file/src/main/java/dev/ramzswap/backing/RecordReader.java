package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.IO_ERROR;
import static dev.ramzswap.backing.BackingFile.OK;
import static dev.ramzswap.backing.BackingFile.WOULD_WAIT;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/** Reads records, from their staging buffer or from the device. Thread-safe, takes no lock. */
final class RecordReader {
    private static final System.Logger LOG = System.getLogger(RecordReader.class.getName());

    private final BlockDevice device;
    private final SegmentTable table;
    private final StagingBuffers staged;
    private final AtomicLong reads = new AtomicLong();
    private final AtomicLong errors = new AtomicLong();

    /** An error before this is of a failure that was told of. */
    private final AtomicLong quietUntil = new AtomicLong(System.nanoTime());

    private final long quietNanos;

    /** @param quietNanos without an error, after which another one is told of anew */
    RecordReader(BlockDevice device, SegmentTable table, StagingBuffers staged, long quietNanos) {
        this.device = device;
        this.table = table;
        this.staged = staged;
        this.quietNanos = quietNanos;
    }

    /** See {@link BackingFile#readNow}, of a place that can be. */
    int readNow(long place, int length, MemorySegment into, long offset) {
        int segment = Places.segment(place);
        int begin = Places.offset(place);
        long word = table.word(segment);
        while (SegmentWord.state(word) == SegmentWord.STAGED) {
            if (staged.read(segment, word, begin, length, into, offset)) {
                return OK;
            }
            word = table.word(segment);
        }
        return WOULD_WAIT;
    }

    /** See {@link BackingFile#read}, of a place that can be. */
    int read(long place, int length, MemorySegment into, long offset, ReadBuffer buffer) {
        int segment = Places.segment(place);
        while (true) {
            if (readNow(place, length, into, offset) == OK) {
                return OK;
            }
            long word = table.word(segment);
            int state = SegmentWord.state(word);
            if (state != SegmentWord.STAGED) {
                int result = state == SegmentWord.WRITTEN ? read(word, place, length, into, offset, buffer) : IO_ERROR;
                // Else it holds another content by now, maybe of the same record; a free one, the owner's map knows of.
                if (table.word(segment) == word) {
                    return result;
                }
            }
        }
    }

    private int read(long word, long place, int length, MemorySegment into, long offset, ReadBuffer buffer) {
        reads.getAndIncrement();
        try {
            buffer.read(word, place, length, into, offset);
            return OK;
        } catch (IOException e) {
            errors.getAndIncrement();
            tell(e);
            return IO_ERROR;
        }
    }

    /** Once for each time that the device fails, however many records that concerns. */
    private void tell(IOException e) {
        long now = System.nanoTime();
        if (now - quietUntil.getAndSet(now + quietNanos) >= 0) {
            LOG.log(Level.ERROR, device + " cannot be read: what it does not give back is lost", e);
        }
    }

    /** Records read from the device, or tried to. */
    long reads() {
        return reads.get();
    }

    /** Those that could not be. */
    long errors() {
        return errors.get();
    }
}
