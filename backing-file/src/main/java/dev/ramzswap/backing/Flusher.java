package dev.ramzswap.backing;

import dev.ramzswap.closing.Joins;
import java.io.IOException;
import java.lang.System.Logger.Level;

/** The thread that writes sealed segments, in the order of sealing, and again after a while when that fails. */
final class Flusher implements Runnable, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Flusher.class.getName());

    private final BlockDevice device;
    private final SegmentTable table;
    private final Staging staging;
    private final SegmentWriter writer;
    private final Thread thread =
            Thread.ofPlatform().name("backing-flusher").daemon().unstarted(this);

    // Written by this thread alone.
    private volatile long writes;
    private volatile long errors;

    /**
     * @param device its name is for messages
     * @param writer is closed with it
     */
    Flusher(BlockDevice device, SegmentTable table, Staging staging, SegmentWriter writer) {
        this.device = device;
        this.table = table;
        this.staging = staging;
        this.writer = writer;
    }

    void start() {
        thread.start();
    }

    /** Waits for the end of the thread, once {@link Staging#close} was called. */
    @Override
    public void close() {
        join();
        writer.close();
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
        boolean wasFailing = false;
        while ((buffer = staging.takeSealed()) != SegmentTable.NONE) {
            long begin = System.nanoTime();
            Throwable failure = tryWrite(buffer);
            if (failure == null) {
                staging.written(buffer);
                writes++;
            } else {
                staging.failed(buffer, begin);
                errors++;
            }
            wasFailing = tell(wasFailing, failure);
        }
    }

    /** Whether it fails, by what was told of it last: what had failed may have been dropped since, and not written. */
    private boolean tell(boolean wasFailing, Throwable failure) {
        if (!wasFailing && failure != null) {
            log(Level.ERROR, " fails: what is written to it stays in memory", failure);
            return true;
        }
        if (wasFailing && !staging.failing()) {
            log(Level.WARNING, " works again: nothing that had failed is left to be written", null);
            return false;
        }
        return wasFailing;
    }

    private void log(Level level, String what, Throwable failure) {
        try {
            LOG.log(level, device + what, failure);
        } catch (Throwable e) {
            // If memory is short, there may be none for words about it either.
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
        long word = table.word(segment);
        if (SegmentWord.state(word) != SegmentWord.STAGED) {
            throw new IOException("segment " + segment + " is not written, since its word is damaged");
        }
        writer.write(segment, word, SegmentWord.encrypted(word), staging.buffers.content(buffer));
    }
}
