package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.NBD_STATE_HOLE;
import static dev.ramzswap.nbd.wire.Protocol.NBD_STATE_ZERO;

import dev.ramzswap.linux.PeerCredentials;
import dev.ramzswap.nbd.export.Export;
import dev.ramzswap.nbd.export.ExportSession;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * An export in memory that can be told to be slow, stuck or broken in places. Slots are holes until they are written.
 */
public final class MemoryExport implements Export {
    private static final int SLOT = 4096;

    public final byte[] content;
    /** Who asked last. */
    volatile PeerCredentials peer;

    public final AtomicInteger sessions = new AtomicInteger();
    public final AtomicInteger slowReads = new AtomicInteger();
    public final AtomicInteger slowWrites = new AtomicInteger();

    private final String name;
    private final boolean readOnly;
    private final BitSet written = new BitSet();

    private volatile boolean admitsAnybody = true;
    private volatile Area slow = Area.NONE;
    private volatile Area broken = Area.NONE;
    private volatile int error;
    private volatile Semaphore readGate = new Semaphore(Integer.MAX_VALUE);
    private volatile Semaphore writeGate = new Semaphore(Integer.MAX_VALUE);
    private final AtomicReference<Stall> stall = new AtomicReference<>();

    /** A write that stands still in the middle. */
    public static final class Stall {
        private final CountDownLatch begun = new CountDownLatch(1);
        private final CountDownLatch over = new CountDownLatch(1);

        public void awaitBegin() throws InterruptedException {
            begun.await();
        }

        public void end() {
            over.countDown();
        }

        private void stand() {
            begun.countDown();
            try {
                over.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private record Area(long from, long to) {
        static final Area NONE = new Area(0, 0);

        boolean meets(long offset, long length) {
            return offset < to && offset + length > from;
        }
    }

    public MemoryExport(String name, int size) {
        this(name, size, false);
    }

    public MemoryExport(String name, int size, boolean readOnly) {
        this.name = name;
        this.readOnly = readOnly;
        content = new byte[size];
    }

    /** Admits nobody. */
    MemoryExport closed() {
        admitsAnybody = false;
        return this;
    }

    /** Requests that touch this area would wait. */
    public MemoryExport slow(long from, long to) {
        slow = new Area(from, to);
        return this;
    }

    /** Requests that touch this area end in this error. */
    public MemoryExport broken(long from, long to, int error) {
        this.error = error;
        broken = new Area(from, to);
        return this;
    }

    /** Lets waiting reads go on only with the permits of the semaphore that is returned. */
    public Semaphore holdReads() {
        return readGate = new Semaphore(0);
    }

    public Semaphore holdWrites() {
        return writeGate = new Semaphore(0);
    }

    /** The next write, fast or slow, stands still until its end is called. */
    public Stall stallNextWrite() {
        Stall next = new Stall();
        stall.set(next);
        return next;
    }

    private void stallIfTold() {
        Stall told = stall.getAndSet(null);
        if (told != null) {
            told.stand();
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String description() {
        return "bytes for " + name;
    }

    @Override
    public long size() {
        return content.length;
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    @Override
    public boolean admits(PeerCredentials peer) {
        this.peer = peer;
        return admitsAnybody;
    }

    @Override
    public ExportSession open() {
        sessions.incrementAndGet();
        return new Session();
    }

    private synchronized int get(long offset, int length, ByteBuffer into, int at) {
        into.put(at, content, (int) offset, length);
        return broken.meets(offset, length) ? error : ExportSession.OK;
    }

    private synchronized int put(long offset, int length, ByteBuffer from, int at) {
        if (broken.meets(offset, length)) {
            return error;
        }
        from.get(at, content, (int) offset, length);
        if (length > 0) {
            written.set((int) (offset / SLOT), (int) ((offset + length - 1) / SLOT) + 1);
        }
        return ExportSession.OK;
    }

    private synchronized int clear(long offset, long length) {
        if (broken.meets(offset, length)) {
            return error;
        }
        java.util.Arrays.fill(content, (int) offset, (int) (offset + length), (byte) 0);
        long first = (offset + SLOT - 1) / SLOT;
        long end = (offset + length) / SLOT;
        if (first < end) {
            written.clear((int) first, (int) end);
        }
        return ExportSession.OK;
    }

    private synchronized int flagsAt(long offset) {
        return written.get((int) (offset / SLOT)) ? 0 : NBD_STATE_HOLE | NBD_STATE_ZERO;
    }

    private final class Session implements ExportSession {
        private boolean closed;

        @Override
        public int readNow(long offset, int length, ByteBuffer into, int at) {
            return slow.meets(offset, length) ? WOULD_WAIT : get(offset, length, into, at);
        }

        @Override
        public int read(long offset, int length, ByteBuffer into, int at) {
            slowReads.incrementAndGet();
            readGate.acquireUninterruptibly();
            return get(offset, length, into, at);
        }

        @Override
        public int writeNow(long offset, int length, ByteBuffer from, int at) {
            if (slow.meets(offset, length)) {
                return WOULD_WAIT;
            }
            stallIfTold();
            return put(offset, length, from, at);
        }

        @Override
        public int write(long offset, int length, ByteBuffer from, int at) {
            slowWrites.incrementAndGet();
            writeGate.acquireUninterruptibly();
            stallIfTold();
            return put(offset, length, from, at);
        }

        @Override
        public int zeroNow(long offset, long length) {
            return slow.meets(offset, length) ? WOULD_WAIT : clear(offset, length);
        }

        @Override
        public int zero(long offset, long length) {
            slowWrites.incrementAndGet();
            writeGate.acquireUninterruptibly();
            return clear(offset, length);
        }

        @Override
        public int flags(long offset) {
            return flagsAt(offset);
        }

        @Override
        public void close() {
            if (closed) {
                throw new IllegalStateException("closed twice");
            }
            closed = true;
            sessions.decrementAndGet();
        }
    }
}
