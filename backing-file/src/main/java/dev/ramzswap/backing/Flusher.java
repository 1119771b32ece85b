package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;

import dev.ramzswap.closing.Joins;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The thread that writes sealed segments, in the order of sealing, and again after a while when that fails. */
final class Flusher implements Runnable, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Flusher.class.getName());

    private final BlockDevice device;
    private final SegmentTable table;
    private final Staging staging;
    private final PageCipher cipher;
    private final MemorySegment image;
    private final Thread thread =
            Thread.ofPlatform().name("backing-flusher").daemon().unstarted(this);

    // Written by this thread alone.
    private volatile long writes;
    private volatile long errors;

    /**
     * @param cipher is closed with it
     * @param arena for the memory of our own
     */
    Flusher(BlockDevice device, SegmentTable table, Staging staging, PageCipher cipher, Arena arena) {
        this.device = device;
        this.table = table;
        this.staging = staging;
        this.cipher = cipher;
        this.image = arena.allocate(SEGMENT_BYTES, BlockDevice.ALIGNMENT);
    }

    void start() {
        thread.start();
    }

    /** Waits for the end of the thread, once {@link Staging#close} was called. */
    @Override
    public void close() {
        join();
        cipher.close();
    }

    private void join() {
        Joins.uninterruptibly(thread);
    }

    /** Segments written. */
    long writes() {
        return writes;
    }

    /** Writes that failed. */
    long errors() {
        return errors;
    }

    @Override
    public void run() {
        int buffer;
        while ((buffer = staging.takeSealed()) != SegmentTable.NONE) {
            boolean wasFailing = staging.failing();
            Throwable failure = tryWrite(buffer);
            if (failure == null) {
                staging.written(buffer);
                writes++;
            } else {
                staging.failed(buffer);
                errors++;
            }
            if (!wasFailing && failure != null) {
                LOG.log(Level.ERROR, device + " fails: what is written to it stays in memory", failure);
            }
            if (wasFailing && !staging.failing()) {
                LOG.log(Level.WARNING, device + " works again: all that had failed is written");
            }
        }
    }

    /** What went wrong, null for nothing. Anything at all: without this thread every append would wait for ever. */
    private Throwable tryWrite(int buffer) {
        try {
            write(buffer);
            return null;
        } catch (Throwable e) {
            return e;
        }
    }

    private void write(int buffer) throws IOException {
        int segment = staging.buffers.segment(buffer);
        MemorySegment content = staging.buffers.content(buffer);
        long word = table.word(segment);
        if (SegmentWord.state(word) != SegmentWord.STAGED) {
            throw new IOException("segment " + segment + " is not written, since its word is damaged");
        }
        if (SegmentWord.encrypted(word)) {
            // Into other memory: readers use the plain one until the word says WRITTEN.
            cipher.apply(segment, SegmentWord.generation(word), 0, content, 0, image, 0, SEGMENT_BYTES);
            content = image;
        }
        int written = device.write(content, SEGMENT_BYTES, (long) segment * SEGMENT_BYTES);
        if (written != SEGMENT_BYTES) {
            throw new IOException("short write: " + written + " of " + SEGMENT_BYTES + " bytes");
        }
    }
}
