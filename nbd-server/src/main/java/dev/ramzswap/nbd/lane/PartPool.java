package dev.ramzswap.nbd.lane;

import dev.ramzswap.nbd.io.IoBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The tasks with a payload of one connection. One that is prepared has all of its own from the start. Another has one
 * of its own; more are made at need up to the connection's limit, as long as the server's budget has room, and kept for
 * the next burst unless the budget is scarce. So a connection waits for its own tasks only, and none can starve
 * another.
 */
public final class PartPool extends TaskPool<SlowPart> {
    /**
     * Bytes of payload in a part: small, since many WRITEs of one slot may wait. The 4 MiB of a swap device are 128 of
     * them, as many as the kernel's client has requests in flight on a connection (queue_depth in nbd_dev_add).
     */
    public static final int PART_BYTES = 32 << 10;

    private final LaneMemory memory;
    private final int most;
    private final List<IoBuffer> buffers;
    /** How many of the buffers are counted in the memory.budget(). */
    private int borrowed;

    PartPool(LaneMemory memory) {
        int prepared = parts(memory.prepared());
        int own = Math.max(1, prepared);
        int most = prepared > 0 ? prepared : Math.max(own, parts(memory.most()));
        super(most);
        this.memory = memory;
        this.most = most;
        buffers = new ArrayList<>(most);
        try {
            for (int i = 0; i < own; i++) {
                add(make());
            }
        } catch (OutOfMemoryError e) {
            free();
            throw e;
        }
    }

    static int parts(long bytes) {
        return (int) (bytes / PART_BYTES);
    }

    @Override
    SlowPart grow() {
        if (buffers.size() == most || !memory.budget().tryAcquire(PART_BYTES)) {
            return null;
        }
        borrowed++;
        try {
            return make();
        } catch (OutOfMemoryError e) { // make do with what there is
            borrowed--;
            memory.budget().release(PART_BYTES);
            return null;
        }
    }

    @Override
    boolean discard(SlowPart task) {
        if (borrowed == 0 || !memory.budget().scarce()) {
            return false;
        }
        buffers.remove(task.payload);
        task.payload.close();
        borrowed--;
        memory.budget().release(PART_BYTES);
        return true;
    }

    /** Frees the memory of all tasks, wherever they are; nobody uses them any more. */
    synchronized void free() {
        memory.budget().release((long) borrowed * PART_BYTES);
        borrowed = 0;
        buffers.forEach(IoBuffer::close);
        buffers.clear();
    }

    private SlowPart make() {
        IoBuffer buffer = new IoBuffer(memory.io(), PART_BYTES);
        buffers.add(buffer);
        return new SlowPart(buffer);
    }
}
