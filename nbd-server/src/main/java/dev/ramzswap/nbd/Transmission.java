package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.*;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.nbd.export.ExportSession;
import dev.ramzswap.nbd.fence.Gate;
import dev.ramzswap.nbd.fence.Passage;
import dev.ramzswap.nbd.io.IoShare;
import dev.ramzswap.nbd.lane.SlowLane;
import dev.ramzswap.nbd.lane.WritePayload;
import dev.ramzswap.nbd.wire.Negotiated;
import dev.ramzswap.nbd.wire.Outlet;
import dev.ramzswap.nbd.wire.ReplyWriter;
import dev.ramzswap.nbd.wire.Request;
import dev.ramzswap.nbd.wire.RequestValidator;
import dev.ramzswap.nbd.wire.Slots;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;

/**
 * The transmission phase of one connection, on one thread:
 *
 * <pre>
 *   read as much as the socket holds ──► serve every complete request from the buffer ──► send replies
 *        ▲                                    │ would wait                                    │
 *        └────────────────────────────────────┼───────────────────────────────────────────────┘
 *                                             ▼
 *                                          SlowLane
 * </pre>
 *
 * Nothing is allocated on the way of a request. What changes pages passes the {@link Gate}; nothing else does. What
 * would wait there, or for slow storage, is done by the {@link SlowLane}, which sends its own replies. FLUSH and FUA
 * need no work: a WRITE is answered when its bytes are where the export keeps them, and the store does not outlive the
 * machine. CACHE is a hint that is not taken. NO_HOLE is accepted, and zeroes are kept as a hole all the same, since no
 * write to a hole can fail that would not fail elsewhere.
 */
final class Transmission implements AutoCloseable {
    private final ServerContext context;
    private final Negotiated agreed;
    private final ByteChannel channel;
    private final IoShare share;
    private final ByteBuffer received;
    private final Outlet outlet;
    private final ReplyWriter replies;
    private final RequestValidator validator;
    private final ExportSession session;
    private final Gate gate;
    private final Passage passage;
    private final WritePayload payload;
    private final Request request = new Request();
    private boolean inPayload;
    private boolean isGoodbye;
    /** The client has said good-bye, and has its answers: no thread uses the channel any more. */
    private boolean isOver;

    private SlowLane lane;

    /** The reader has answered what it could, and waits for the first byte of a request. */
    private volatile boolean isWaiting;

    /** The caller owns all of these. */
    Transmission(
            ServerContext context,
            Negotiated agreed,
            ExportSession session,
            Gate gate,
            ByteChannel channel,
            Buffers buffers) {
        this.context = context;
        this.agreed = agreed;
        this.session = session;
        this.gate = gate;
        passage = new Passage(gate);
        this.channel = channel;
        share = buffers.share();
        received = buffers.received().clear().limit(0);
        outlet = new Outlet(channel);
        replies = new ReplyWriter(outlet, buffers.reply().clear(), agreed.structured());
        validator = new RequestValidator(agreed);
        payload = new WritePayload(session, passage, replies, this::lane);
        if (context.limits().preparedMemory() > 0) {
            lane();
        }
    }

    /**
     * Serves until the client disconnects, and answers all that it has asked before, unless it has cut the connection,
     * to ask again by another one.
     *
     * @return whether it said good-bye
     */
    boolean run() throws IOException {
        try {
            return serveAll();
        } catch (IOException e) {
            if (!outlet.isBroken()) {
                throw e;
            }
            passage.end();
            if (isGoodbye || gate.isCut() && goodbyeFollows()) {
                return true;
            }
            throw e;
        } finally {
            passage.end(); // whatever ended it, others wait for no more of it
        }
    }

    private boolean serveAll() throws IOException {
        while (!isGoodbye && receive()) {
            serveReceived();
            passage.end();
            replies.flush();
        }
        if (inPayload) {
            throw new EOFException("the client left in the middle of a WRITE");
        }
        replies.flush();
        if (lane != null) {
            lane.drain();
        }
        isOver = isGoodbye;
        return isGoodbye;
    }

    /** Whether nothing that has been received is still to be answered; from any thread. */
    boolean isQuiet() {
        return isWaiting && (lane == null || lane.isIdle());
    }

    /** Reads what a connection that takes no replies still holds, and carries out nothing. */
    private boolean goodbyeFollows() throws IOException {
        long skip = inPayload ? payload.left() : 0;
        do {
            while (received.remaining() >= (skip > 0 ? 1 : REQUEST_HEADER)) {
                if (skip > 0) {
                    int bytes = (int) Math.min(skip, received.remaining());
                    received.position(received.position() + bytes);
                    skip -= bytes;
                } else {
                    readHeader();
                    if (request.type == NBD_CMD_DISC) {
                        return true;
                    }
                    skip = request.type == NBD_CMD_WRITE ? request.length : 0;
                }
            }
        } while (receive());
        return false;
    }

    /** Frees all that the slow lane has. Closes the channel if threads of it may still wait there. */
    @Override
    public void close() {
        if (!isOver) {
            Closing.quietly(channel);
        }
        if (lane != null) {
            lane.close();
        }
    }

    private boolean receive() throws IOException {
        received.compact();
        isWaiting = received.position() == 0 && !inPayload;
        int bytes = channel.read(received);
        isWaiting = false;
        received.flip();
        return bytes >= 0;
    }

    /** Serves every complete request in the buffer, up to a DISC. */
    private void serveReceived() throws IOException {
        while (!isGoodbye && (inPayload || received.remaining() >= REQUEST_HEADER)) {
            if (!inPayload) {
                readHeader();
                if (request.type == NBD_CMD_DISC) {
                    isGoodbye = true;
                } else {
                    serve();
                }
            } else if (payload.advance(received)) {
                inPayload = false;
            } else {
                return;
            }
        }
    }

    private void readHeader() throws ProtocolException {
        if (!request.read(received, received.position())) {
            throw new ProtocolException("a request without its magic number");
        }
        received.position(received.position() + REQUEST_HEADER);
    }

    private void serve() throws IOException {
        int error = context.shuttingDown() ? NBD_ESHUTDOWN : validator.check(request);
        if (request.type == NBD_CMD_WRITE) {
            payload.begin(request, error);
            inPayload = true;
        } else if (error != ExportSession.OK) {
            replies.status(request.cookie, error);
        } else {
            switch (request.type) {
                case NBD_CMD_READ -> read();
                case NBD_CMD_TRIM, NBD_CMD_WRITE_ZEROES -> zero();
                case NBD_CMD_BLOCK_STATUS -> Slots.blockStatus(session, request, replies);
                default -> replies.status(request.cookie, ExportSession.OK); // FLUSH, CACHE
            }
        }
    }

    private void read() throws IOException {
        if (request.length == 0) {
            replies.noData(request.cookie);
            return;
        }
        if (request.length > replies.maximumData()) {
            lane().read(request, replies);
            return;
        }
        int length = (int) request.length;
        if (replies.structured() && Slots.allZero(session, request.offset, length)) {
            replies.hole(request.cookie, request.offset, length, true);
            return;
        }
        int status = session.readNow(request.offset, length, replies.buffer(), replies.dataAt(length));
        switch (status) {
            case ExportSession.OK -> replies.data(request.cookie, request.offset, length, true);
            case ExportSession.WOULD_WAIT -> lane().read(request, replies);
            default -> replies.errorAt(request.cookie, status, request.offset);
        }
    }

    /**
     * A range above the largest payload takes its time even if it needs no storage, and goes to the slow lane at once.
     * With FAST_ZERO, that is still no slower than writing as many zeroes, which is what the flag asks.
     */
    private void zero() throws IOException {
        int status = ExportSession.OK;
        if (request.length > MAXIMUM_PAYLOAD) {
            status = ExportSession.WOULD_WAIT;
        } else if (request.length > 0) {
            status = passage.isOpen() ? session.zeroNow(request.offset, request.length) : ExportSession.WOULD_WAIT;
        }
        if (status == ExportSession.WOULD_WAIT) {
            lane().zero(request, replies);
        } else {
            replies.status(request.cookie, status);
        }
    }

    private SlowLane lane() {
        if (lane == null) {
            lane = new SlowLane(context.laneMemory(share), agreed, gate, channel, outlet);
        }
        return lane;
    }
}
