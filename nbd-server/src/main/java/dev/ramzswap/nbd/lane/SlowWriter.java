package dev.ramzswap.nbd.lane;

import dev.ramzswap.nbd.export.ExportSession;
import dev.ramzswap.nbd.fence.Gate;
import dev.ramzswap.nbd.wire.Negotiated;
import dev.ramzswap.nbd.wire.Outlet;
import dev.ramzswap.nbd.wire.ReplyWriter;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Serves WRITEs, part by part, and zeroing that waits. Each passes the connection's gate, and waits there for what cut
 * connections are still at. After an error the other parts of a WRITE are dropped; so is all, unanswered, once this
 * connection is cut itself.
 */
final class SlowWriter extends SlowWorker {
    /** No status of a session: the client has cut the connection, to ask again by another. */
    private static final int CUT = Integer.MIN_VALUE;

    static final int BUFFER_BYTES = ReplyWriter.OVERHEAD;

    private final Gate gate;

    SlowWriter(ByteBuffer buffer, Negotiated agreed, Outlet outlet, SlowLane lane, Gate gate) {
        super(buffer, agreed, outlet, lane);
        this.gate = gate;
    }

    @Override
    TaskQueue queue(SlowLane lane) {
        return lane.writeQueue();
    }

    @Override
    void serve(SlowTask task, ExportSession session, ReplyWriter replies) throws IOException {
        if (task instanceof SlowPart part) {
            write(part, session, replies);
        } else {
            answer(task, carryOut(task, session), replies);
        }
    }

    private void write(SlowPart part, ExportSession session, ReplyWriter replies) throws IOException {
        SlowTask whole = part.whole;
        int status = whole.error();
        if (status == ExportSession.OK) {
            status = carryOut(part, session);
        }
        lane().partDone(part);
        if (whole.partDone(status)) {
            answer(whole, whole.error(), replies);
        }
    }

    private int carryOut(SlowTask task, ExportSession session) throws IOException {
        if (!gate.pass()) {
            return CUT;
        }
        int status = task instanceof SlowPart part
                ? session.write(part.offset, (int) part.length, part.payload, 0)
                : session.zero(task.offset, task.length);
        gate.end();
        return status;
    }

    private void answer(SlowTask task, int status, ReplyWriter replies) throws IOException {
        if (status != CUT) {
            replies.status(task.cookie, status);
            replies.flush();
        }
        lane().writeDone(task);
    }
}
