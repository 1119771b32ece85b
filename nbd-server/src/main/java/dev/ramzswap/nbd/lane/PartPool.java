package dev.ramzswap.nbd.lane;

import dev.ramzswap.nbd.io.IoBuffer;
import java.nio.ByteBuffer;
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
    private final int mostBorrowed;
    private final List<IoBuffer> borrowed = new ArrayList<>();

    /** @param own where its own parts lie, as many as there is room for */
    PartPool(LaneMemory memory, ByteBuffer own) {
        int parts = parts(own.capacity());
        int mostBorrowed = memory.prepared() > 0 ? 0 : Math.max(0, parts(memory.most()) - parts);
        super(parts + mostBorrowed);
        this.memory = memory;
        this.mostBorrowed = mostBorrowed;
        for (int i = 0; i < parts; i++) {
            add(new SlowPart(own.slice(i * PART_BYTES, PART_BYTES), null));
        }
    }

    /** Of its own parts. */
    static int ownBytes(long prepared) {
        return Math.max(1, parts(prepared)) * PART_BYTES;
    }

    private static int parts(long bytes) {
        return (int) (bytes / PART_BYTES);
    }

    @Override
    SlowPart grow() {
        if (borrowed.size() == mostBorrowed || !memory.budget().tryAcquire(PART_BYTES)) {
            return null;
        }
        try {
            IoBuffer buffer = new IoBuffer(memory.io(), PART_BYTES);
            borrowed.add(buffer);
            return new SlowPart(buffer.view(), buffer);
        } catch (OutOfMemoryError e) { // make do with what there is
            memory.budget().release(PART_BYTES);
            return null;
        }
    }

    @Override
    boolean discard(SlowPart task) {
        if (task.borrowed == null || !memory.budget().scarce()) {
            return false;
        }
        borrowed.remove(task.borrowed);
        giveBack(task.borrowed);
        return true;
    }

    /** Gives back what is borrowed, wherever it is; nobody uses it any more. */
    synchronized void free() {
        borrowed.forEach(this::giveBack);
        borrowed.clear();
    }

    private void giveBack(IoBuffer buffer) {
        buffer.close();
        memory.budget().release(PART_BYTES);
    }
}
