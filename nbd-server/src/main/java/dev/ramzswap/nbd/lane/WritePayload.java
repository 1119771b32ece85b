package dev.ramzswap.nbd.lane;

import dev.ramzswap.nbd.export.ExportSession;
import dev.ramzswap.nbd.fence.Passage;
import dev.ramzswap.nbd.wire.Protocol;
import dev.ramzswap.nbd.wire.ReplyWriter;
import dev.ramzswap.nbd.wire.Request;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.util.function.Supplier;

/**
 * The payload of the WRITE that a connection is receiving, taken from the receive buffer as it arrives, so that no
 * WRITE needs a buffer of its size. There are three ways for it to go:
 *
 * <ul>
 *   <li>to {@link ExportSession#writeNow}, in one call if it is all there, else in whole slots;
 *   <li>once that would wait, for storage or at the connection's gate, all that is left to the {@link SlowLane}, in
 *       parts;
 *   <li>once there is an error, nowhere: it is skipped, and the connection stays in step.
 * </ul>
 */
public final class WritePayload {
    private final ExportSession session;
    private final Passage passage;
    private final ReplyWriter replies;
    private final Supplier<SlowLane> lane;

    private long cookie;
    private long offset;
    private long left;
    private int error;
    /** The WRITE in the slow lane, if it went there, and its part that is being filled, if there is one. */
    private SlowTask whole;

    private SlowPart part;
    private int partBytes;

    public WritePayload(ExportSession session, Passage passage, ReplyWriter replies, Supplier<SlowLane> lane) {
        this.session = session;
        this.passage = passage;
        this.replies = replies;
        this.lane = lane;
    }

    /** @param error what the request is to be answered with, or {@link ExportSession#OK} if it may be served */
    public void begin(Request request, int error) throws IOException {
        if (request.length > Protocol.MAXIMUM_SKIPPED_PAYLOAD) {
            throw new ProtocolException("a WRITE of " + request.length + " bytes");
        }
        cookie = request.cookie;
        offset = request.offset;
        left = request.length;
        this.error = error;
    }

    /**
     * Takes what it can use of the bytes received, and answers the WRITE if that was all, unless the slow lane will.
     */
    public boolean advance(ByteBuffer received) throws IOException {
        if (whole == null && error == ExportSession.OK) {
            writeNow(received);
        }
        if (whole != null) {
            collect(received);
        } else if (error != ExportSession.OK) {
            take(received, available(received));
        }
        if (left > 0) {
            return false;
        }
        if (whole == null) {
            replies.status(cookie, error);
        }
        whole = null;
        return true;
    }

    /** Bytes that are still to come. */
    public long left() {
        return left;
    }

    private void writeNow(ByteBuffer received) throws IOException {
        int bytes = available(received);
        if (bytes < left) { // up to a slot boundary; less than a slot waits for the rest of it
            bytes -= (int) ((offset + bytes) & (Protocol.PREFERRED_BLOCK - 1));
        }
        while (bytes > 0) { // slot by slot, so that none is written twice when one would wait
            int piece = Math.min(bytes, Protocol.PREFERRED_BLOCK - (int) (offset & (Protocol.PREFERRED_BLOCK - 1)));
            int status = passage.isOpen()
                    ? session.writeNow(offset, piece, received, received.position())
                    : ExportSession.WOULD_WAIT;
            if (status == ExportSession.WOULD_WAIT) {
                whole = lane.get().beginWrite(cookie, replies);
                return;
            }
            if (status != ExportSession.OK) {
                error = status;
                return;
            }
            take(received, piece);
            bytes -= piece;
        }
    }

    private void collect(ByteBuffer received) throws IOException {
        while (left > 0 && received.hasRemaining()) {
            if (part == null) {
                beginPart();
            }
            int bytes = Math.min(partBytes - (int) part.length, received.remaining());
            part.payload.put((int) part.length, received, received.position(), bytes);
            part.length += bytes;
            take(received, bytes);
            if (part.length == partBytes) {
                lane.get().submit(whole, part, left == 0);
                part = null;
            }
        }
    }

    private void beginPart() throws IOException {
        part = lane.get().part(replies);
        part.offset = offset;
        part.length = 0;
        int beyondBoundary = (int) (offset & (Protocol.PREFERRED_BLOCK - 1));
        partBytes = (int) Math.min(left, PartPool.PART_BYTES - beyondBoundary);
    }

    private int available(ByteBuffer received) {
        return (int) Math.min(left, received.remaining());
    }

    private void take(ByteBuffer received, int bytes) {
        received.position(received.position() + bytes);
        offset += bytes;
        left -= bytes;
    }
}
