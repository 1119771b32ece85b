package dev.ramzswap.nbd.export;

import java.nio.ByteBuffer;

/**
 * One thread's way to the content of an {@link Export}: byte ranges of any offset and length inside the device. Every
 * method that returns an {@code int} status returns {@link #OK}, {@link #WOULD_WAIT} (those named {@code ..Now} only)
 * or an error of the protocol ({@code NBD_EIO}, {@code NBD_ENOSPC}). Buffers are direct, and their position and limit
 * are neither used nor changed.
 */
public interface ExportSession extends AutoCloseable {
    int OK = 0;

    /** Nothing, or only a part, was done, since the rest would wait for slow storage: call the waiting method. */
    int WOULD_WAIT = -1;

    /** Reads what can be had without waiting; on {@link #WOULD_WAIT} the buffer's content is undefined. */
    int readNow(long offset, int length, ByteBuffer into, int at);

    /** Reads, and waits as long as it takes. */
    int read(long offset, int length, ByteBuffer into, int at);

    /** Writes a range inside one 4 KiB slot if it can be done without waiting; on {@link #WOULD_WAIT} nothing was. */
    int writeNow(long offset, int length, ByteBuffer from, int at);

    /** Writes, and waits as long as it takes. */
    int write(long offset, int length, ByteBuffer from, int at);

    /** Makes a range read as zeroes and frees what it can, if it can be done without waiting. */
    int zeroNow(long offset, long length);

    /** Makes a range read as zeroes and frees what it can (TRIM and WRITE_ZEROES), and waits as long as it takes. */
    int zero(long offset, long length);

    /**
     * The {@code base:allocation} flags of the slot that holds {@code offset}: a combination of {@code NBD_STATE_HOLE}
     * and {@code NBD_STATE_ZERO}. Never waits.
     *
     * <p>It tells of one slot only, so that an answer is always true of a moment: a run of slots whose length and flags
     * were asked for one after the other could be neither, when another connection writes in between.
     */
    int flags(long offset);

    @Override
    void close();
}
