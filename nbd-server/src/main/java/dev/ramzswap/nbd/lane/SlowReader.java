package dev.ramzswap.nbd.lane;

import dev.ramzswap.nbd.export.ExportSession;
import dev.ramzswap.nbd.wire.Negotiated;
import dev.ramzswap.nbd.wire.Outlet;
import dev.ramzswap.nbd.wire.Protocol;
import dev.ramzswap.nbd.wire.ReplyWriter;
import dev.ramzswap.nbd.wire.Slots;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Serves READs that wait. One that is larger than the reply buffer goes in pieces:
 *
 * <ul>
 *   <li>with structured replies each piece is a chunk, and an error in the middle is a chunk too;
 *   <li>a simple reply must say at its very beginning whether there is an error, so everything is read twice: once to
 *       see that it can be, once to send it. What fails only the second time ends the connection, as the document
 *       demands ("the server MUST immediately initiate a hard disconnect").
 * </ul>
 *
 * Neither needs more memory than the buffer, so no large READ can be refused for want of it.
 */
final class SlowReader extends SlowWorker {
    static final int BUFFER_BYTES = Protocol.MAXIMUM_UNFRAGMENTED + ReplyWriter.OVERHEAD;

    SlowReader(ByteBuffer buffer, Negotiated agreed, Outlet outlet, SlowLane lane) {
        super(buffer, agreed, outlet, lane);
    }

    @Override
    TaskQueue queue(SlowLane lane) {
        return lane.readQueue();
    }

    @Override
    void serve(SlowTask task, ExportSession session, ReplyWriter replies) throws IOException {
        if (replies.structured() || task.length <= replies.maximumData()) {
            sendPieces(task, session, replies);
        } else if (readable(task, session, replies)) {
            sendWhole(task, session, replies);
        }
        replies.flush();
        lane().readDone(task);
    }

    private static void sendPieces(SlowTask task, ExportSession session, ReplyWriter replies) throws IOException {
        long end = task.offset + task.length;
        int piece;
        for (long at = task.offset; at < end; at += piece) {
            piece = (int) Math.min(end - at, replies.maximumData());
            boolean last = at + piece == end;
            if (replies.structured() && Slots.allZero(session, at, piece)) {
                replies.hole(task.cookie, at, piece, last);
                continue;
            }
            int status = session.read(at, piece, replies.buffer(), replies.dataAt(piece));
            if (status != ExportSession.OK) {
                replies.errorAt(task.cookie, status, at);
                return;
            }
            replies.data(task.cookie, at, piece, last);
        }
    }

    /** Whether every piece can be read; if not, the error is the reply. */
    private static boolean readable(SlowTask task, ExportSession session, ReplyWriter replies) throws IOException {
        long end = task.offset + task.length;
        int piece;
        for (long at = task.offset; at < end; at += piece) {
            piece = (int) Math.min(end - at, replies.maximumData());
            int status = session.read(at, piece, replies.buffer(), replies.rawAt(piece));
            if (status != ExportSession.OK) {
                replies.status(task.cookie, status);
                return false;
            }
        }
        return true;
    }

    private void sendWhole(SlowTask task, ExportSession session, ReplyWriter replies) throws IOException {
        synchronized (outlet()) {
            try {
                replies.simpleHeader(task.cookie);
                sendRaw(task, session, replies);
                replies.flush();
            } catch (IOException | RuntimeException | Error e) {
                outlet().fail(); // before another thread has a turn
                throw e;
            }
        }
    }

    private static void sendRaw(SlowTask task, ExportSession session, ReplyWriter replies) throws IOException {
        long end = task.offset + task.length;
        int piece;
        for (long at = task.offset; at < end; at += piece) {
            piece = (int) Math.min(end - at, replies.maximumData());
            int status = session.read(at, piece, replies.buffer(), replies.rawAt(piece));
            if (status != ExportSession.OK) {
                throw new IOException("error " + status + " at " + at + " after a READ's reply had begun");
            }
            replies.raw(piece);
        }
    }
}
