package dev.ramzswap.store;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A compressed store of pages, addressed by slot. Any number of threads may use it, each with a {@link Workspace} of
 * its own.
 */
public final class PageStore implements AutoCloseable {
    public static final int SLOT_BYTES = 4096;

    /** {@link #extent}: never stored, or invalidated; reads as zeroes. */
    public static final int HOLE = 0;

    /** {@link #extent}: stored, and all zeroes. */
    public static final int ZERO = 1;

    /** {@link #extent}: stored, and not all zeroes. */
    public static final int DATA = 2;

    public static PageStore open(StoreConfig config) throws IOException {
        throw new IOException("not yet");
    }

    /** Scratch memory, codec contexts and buffers for one calling thread. Close it when the thread ends. */
    public Workspace workspace() {
        throw new IllegalStateException("not yet");
    }

    public long slots() {
        return 0;
    }

    /**
     * Stores a page of {@link #SLOT_BYTES} at {@code at} of a direct buffer; waits for the backing file if it must. OK,
     * NO_SPACE or IO_ERROR.
     */
    public int store(long slot, ByteBuffer from, int at, Workspace work) {
        return StoreStatus.IO_ERROR;
    }

    /** Like {@link #store}, but returns WOULD_WAIT, with nothing done, where that would wait. */
    public int storeNow(long slot, ByteBuffer from, int at, Workspace work) {
        return StoreStatus.IO_ERROR;
    }

    /** Loads a page into {@code at} of a direct buffer; waits for the backing file if it must. OK or IO_ERROR. */
    public int load(long slot, ByteBuffer into, int at, Workspace work) {
        return StoreStatus.IO_ERROR;
    }

    /** Like {@link #load}, but returns WOULD_WAIT where that would wait. */
    public int loadNow(long slot, ByteBuffer into, int at, Workspace work) {
        return StoreStatus.IO_ERROR;
    }

    /**
     * Replaces a part of a slot, atomically against every other operation on it; may wait. OK, NO_SPACE or IO_ERROR.
     */
    public int patch(long slot, int begin, int length, ByteBuffer from, int at, Workspace work) {
        return StoreStatus.IO_ERROR;
    }

    /** Zeroes a part of a slot, atomically against every other operation on it; may wait. OK, NO_SPACE or IO_ERROR. */
    public int erase(long slot, int begin, int length, Workspace work) {
        return StoreStatus.IO_ERROR;
    }

    /** Drops a slot: it reads as zeroes from now on. Never waits. */
    public void invalidate(long slot, Workspace work) {}

    /** Drops all slots. */
    public void invalidateArea(Workspace work) {}

    /** {@link #HOLE}, {@link #ZERO} or {@link #DATA}. */
    public int extent(long slot) {
        return HOLE;
    }

    public long limit() {
        return 0;
    }

    /**
     * Changes the limit; pages are spilled in the background until it fits (watch {@code mem_used_total}).
     *
     * @throws IllegalArgumentException with a message for the user, if limit and backing file could not hold the slots
     *     in the worst case
     */
    public void setLimit(long bytes) {}

    public CodecSpec codec() {
        return CodecSpec.LZ4;
    }

    /** Compresses pages stored from now on with another codec; pages stored before keep theirs. */
    public void setCodec(CodecSpec codec) {}

    public Counters counters() {
        throw new IllegalStateException("not yet");
    }

    @Override
    public void close() {}
}
