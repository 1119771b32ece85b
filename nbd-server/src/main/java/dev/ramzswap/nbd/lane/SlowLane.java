package dev.ramzswap.nbd.lane;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.closing.Joins;
import dev.ramzswap.nbd.export.ExportSession;
import dev.ramzswap.nbd.fence.Gate;
import dev.ramzswap.nbd.io.IoBuffer;
import dev.ramzswap.nbd.io.Threads;
import dev.ramzswap.nbd.wire.Negotiated;
import dev.ramzswap.nbd.wire.Outlet;
import dev.ramzswap.nbd.wire.ReplyWriter;
import dev.ramzswap.nbd.wire.Request;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the requests of one connection go that would wait for slow storage, or at the {@link Gate}, so that those
 * behind them need not. Threads of its own serve them by the waiting methods of {@link ExportSession}, and answer them
 * in the order in which they end.
 *
 * <pre>
 *   reader ── READ ──────────────────► queue ──► 2 threads ──┐
 *          ── WRITE parts, zeroes ───► queue ──► 2 threads ──┴──► Outlet
 * </pre>
 *
 * READs have a queue and threads to themselves: they never wait behind WRITEs. Of WRITEs to one slot that are all in
 * flight, any may be carried out last: the protocol allows it, and the kernel has no two (docs/decisions/fence.md). All
 * tasks come from pools; when one is empty, the reader first sends the replies that it has collected and then waits,
 * for its own connection's threads only.
 */
public final class SlowLane implements AutoCloseable {
    /** More than the kernel's client has in flight on a connection (128). */
    private static final int REQUESTS = 256;

    private static final int THREADS_PER_QUEUE = 2;

    /** Of each lane. */
    public static final int THREADS = 2 * THREADS_PER_QUEUE;

    private static final int REPLY_BYTES = THREADS_PER_QUEUE * (SlowReader.BUFFER_BYTES + SlowWriter.BUFFER_BYTES);

    private final Channel channel;
    private final Gate gate;
    private final TaskPool<SlowTask> reads = TaskPool.of(REQUESTS);
    private final TaskPool<SlowTask> writes = TaskPool.of(REQUESTS);
    /** The buffers of its threads, then its parts: in one, since malloc gives back at once only what is large. */
    private final IoBuffer memory;

    private final PartPool parts;
    private final TaskQueue readQueue = new TaskQueue();
    private final TaskQueue writeQueue = new TaskQueue();
    private final List<Thread> threads = new ArrayList<>();

    /**
     * @param gate is passed before each change of pages
     * @param channel is closed when a thread cannot go on, so that the reader notices, but not if the client has cut
     *     it: then the reader comes to its end anyway, and there may be a good-bye before that
     */
    public SlowLane(LaneMemory memory, Negotiated agreed, Gate gate, Channel channel, Outlet outlet) {
        this.channel = channel;
        this.gate = gate;
        this.memory = new IoBuffer(memory.io(), bytes(memory.prepared()));
        ByteBuffer own = this.memory.view();
        parts = new PartPool(memory, own.slice(REPLY_BYTES, own.capacity() - REPLY_BYTES));
        try {
            start(own.slice(0, REPLY_BYTES), agreed, outlet);
        } catch (OutOfMemoryError e) { // no thread to be had
            close();
            throw e;
        }
    }

    /** Of its one buffer, with all payload that it may have if that is prepared. */
    public static int bytes(long prepared) {
        return REPLY_BYTES + PartPool.ownBytes(prepared);
    }

    private void start(ByteBuffer replies, Negotiated agreed, Outlet outlet) {
        for (int i = 0; i < THREADS_PER_QUEUE; i++) {
            ByteBuffer reader = next(replies, SlowReader.BUFFER_BYTES);
            start("read-" + i, new SlowReader(reader, agreed, outlet, this));
            ByteBuffer writer = next(replies, SlowWriter.BUFFER_BYTES);
            start("write-" + i, new SlowWriter(writer, agreed, outlet, this, gate));
        }
    }

    private static ByteBuffer next(ByteBuffer buffer, int bytes) {
        ByteBuffer next = buffer.slice(buffer.position(), bytes);
        buffer.position(buffer.position() + bytes);
        return next;
    }

    private void start(String name, Runnable worker) {
        threads.add(Threads.start(Thread.currentThread().getName() + "-" + name, worker));
    }

    TaskQueue readQueue() {
        return readQueue;
    }

    TaskQueue writeQueue() {
        return writeQueue;
    }

    public void read(Request request, ReplyWriter replies) throws IOException {
        SlowTask task = take(reads, replies);
        task.set(request);
        readQueue.put(task);
    }

    void readDone(SlowTask task) {
        reads.give(task);
    }

    /** TRIM or WRITE_ZEROES. */
    public void zero(Request request, ReplyWriter replies) throws IOException {
        SlowTask task = take(writes, replies);
        task.set(request);
        writeQueue.put(task);
    }

    /** A WRITE; its parts follow. */
    SlowTask beginWrite(long cookie, ReplyWriter replies) throws IOException {
        SlowTask whole = take(writes, replies);
        whole.beginWrite(cookie);
        return whole;
    }

    /** A part to be filled. */
    SlowPart part(ReplyWriter replies) throws IOException {
        return take(parts, replies);
    }

    void submit(SlowTask whole, SlowPart part, boolean last) {
        part.whole = whole;
        whole.addPart(last);
        writeQueue.put(part);
    }

    void partDone(SlowPart part) {
        parts.give(part);
    }

    /** Of a WRITE or a zeroing that has been answered, or never will be. */
    void writeDone(SlowTask task) {
        writes.give(task);
    }

    private static <T extends SlowTask> T take(TaskPool<T> pool, ReplyWriter replies) throws IOException {
        T task = pool.tryTake();
        if (task == null) {
            replies.flush();
            task = pool.take();
        }
        return task;
    }

    /** Whether everything is answered; from any thread. */
    public boolean isIdle() {
        return reads.areAllBack() && writes.areAllBack();
    }

    /** Waits until everything is answered. */
    public void drain() throws IOException {
        reads.awaitAll();
        writes.awaitAll();
    }

    /** Gives the connection up; safe from any thread. */
    void abandon() {
        if (!isCut()) {
            Closing.quietly(channel);
        }
        stop();
    }

    private void stop() {
        readQueue.close();
        writeQueue.close();
        reads.close();
        writes.close();
        parts.close();
    }

    private boolean isCut() {
        try {
            return gate.isCut();
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Waits for what the threads are at, drops the rest and frees all memory. Close the channel before, if they may be
     * waiting there.
     */
    @Override
    public void close() {
        stop();
        threads.forEach(Joins::uninterruptibly);
        parts.free();
        memory.close();
    }
}
