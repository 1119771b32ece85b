package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.*;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Sends a trace, with several requests in flight, and checks each block that is read for its last writer: a block's
 * content names the request that wrote it. A request waits for those in flight that touch the same blocks, so that what
 * it must find is known; all others overtake each other as they like. One thread sends, another takes the replies.
 */
final class TraceReplay {
    private static final int IN_FLIGHT = 32;

    private final RawClient client;
    /** Of each block, the number of the request that wrote it; 0 if it is zeroes. */
    private final long[] writers;

    private final BitSet busy = new BitSet();
    private final Map<Long, Trace.Entry> inFlight = new HashMap<>();
    private int mostInFlight;
    private Throwable failure;

    TraceReplay(RawClient client, int blocks) {
        this.client = client;
        this.writers = new long[blocks];
    }

    /** Replays the trace, then reads and checks all blocks. @return how many requests were in flight at most */
    int run(List<Trace.Entry> trace) throws Exception {
        int whole = (writers.length + Trace.BLOCK - 1) / Trace.BLOCK;
        Thread receiver = Thread.ofPlatform().start(() -> receive(trace.size() + whole));
        long cookie = 0;
        for (Trace.Entry entry : trace) {
            send(++cookie, entry);
        }
        for (int first = 0; first < writers.length; first += Trace.BLOCK) {
            int blocks = Math.min(Trace.BLOCK, writers.length - first);
            send(++cookie, new Trace.Entry(NBD_CMD_READ, 0, first, blocks));
        }
        receiver.join();
        requireSuccess();
        return mostInFlight;
    }

    private void send(long cookie, Trace.Entry entry) throws Exception {
        begin(cookie, entry);
        byte[] payload = entry.type() == NBD_CMD_WRITE ? content(entry, _ -> cookie) : new byte[0];
        long offset = (long) entry.first() * Trace.BLOCK;
        client.send(new Bytes()
                .request(entry.type(), entry.flags(), cookie, offset, (long) entry.blocks() * Trace.BLOCK, payload));
    }

    private synchronized void begin(long cookie, Trace.Entry entry) throws Exception {
        while (failure == null && (inFlight.size() == IN_FLIGHT || isBusy(entry))) {
            wait();
        }
        requireSuccess();
        busy.set(entry.first(), entry.first() + entry.blocks());
        inFlight.put(cookie, entry);
        mostInFlight = Math.max(mostInFlight, inFlight.size());
    }

    private boolean isBusy(Trace.Entry entry) {
        int next = busy.nextSetBit(entry.first());
        return next >= 0 && next < entry.first() + entry.blocks();
    }

    private synchronized void requireSuccess() throws Exception {
        if (failure != null) {
            throw new AssertionError("the replay failed", failure);
        }
    }

    private void receive(int replies) {
        try {
            for (int i = 0; i < replies; i++) {
                ServerBytes.SimpleReply reply = client.in.simpleReply();
                finish(reply);
            }
        } catch (IOException | AssertionError e) {
            fail(e);
        }
    }

    private synchronized void fail(Throwable cause) {
        failure = cause;
        notifyAll();
    }

    private void finish(ServerBytes.SimpleReply reply) throws IOException {
        Trace.Entry entry = entry(reply.cookie());
        if (entry == null || reply.error() != 0) {
            throw new AssertionError(reply + " to " + entry);
        }
        if (entry.type() == NBD_CMD_READ) {
            check(reply.cookie(), entry, client.in.bytes(entry.blocks() * Trace.BLOCK));
        }
        end(reply.cookie(), entry);
    }

    private synchronized Trace.Entry entry(long cookie) {
        return inFlight.get(cookie);
    }

    private void check(long cookie, Trace.Entry entry, byte[] read) {
        ByteBuffer got = ByteBuffer.wrap(read);
        int at = got.mismatch(ByteBuffer.wrap(content(entry, block -> writers[block])));
        if (at >= 0) {
            int block = entry.first() + at / Trace.BLOCK;
            throw new AssertionError("request " + cookie + ", " + entry + ": byte " + at % Trace.BLOCK + " of block "
                    + block + " is not what request " + writers[block] + " wrote; the block says "
                    + got.getLong(at / Trace.BLOCK * Trace.BLOCK));
        }
    }

    private synchronized void end(long cookie, Trace.Entry entry) {
        for (int block = entry.first(); block < entry.first() + entry.blocks(); block++) {
            switch (entry.type()) {
                case NBD_CMD_WRITE -> writers[block] = cookie;
                case NBD_CMD_TRIM, NBD_CMD_WRITE_ZEROES -> writers[block] = 0;
                default -> {}
            }
        }
        busy.clear(entry.first(), entry.first() + entry.blocks());
        inFlight.remove(cookie);
        notifyAll();
    }

    private interface Writers {
        long of(int block);
    }

    /** Each block is full of its writer's number and its own; every third one of what does not compress. */
    private static byte[] content(Trace.Entry entry, Writers writers) {
        ByteBuffer content = ByteBuffer.allocate(entry.blocks() * Trace.BLOCK);
        for (int block = entry.first(); block < entry.first() + entry.blocks(); block++) {
            long writer = writers.of(block);
            for (int word = 0; word < Trace.BLOCK / Long.BYTES; word++) {
                long mixed = writer % 3 == 0 && word > 0 ? (writer << 32 | block) * 0x9E3779B97F4A7C15L * word : block;
                content.putLong(writer == 0 ? 0 : word == 0 ? writer : mixed);
            }
        }
        return content.array();
    }
}
