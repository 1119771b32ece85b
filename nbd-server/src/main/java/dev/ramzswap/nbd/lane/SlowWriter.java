package dev.ramzswap.nbd.lane;

import dev.ramzswap.nbd.export.ExportSession;
import dev.ramzswap.nbd.io.IoMemory;
import dev.ramzswap.nbd.wire.Negotiated;
import dev.ramzswap.nbd.wire.Outlet;
import dev.ramzswap.nbd.wire.ReplyWriter;
import java.io.IOException;

/** Serves WRITEs, part by part, and zeroing that waits. After an error the other parts of a WRITE are dropped. */
final class SlowWriter extends SlowWorker {
    SlowWriter(IoMemory memory, Negotiated agreed, Outlet outlet, SlowLane lane) {
        super(memory, agreed, outlet, lane);
    }

    @Override
    int replyData() {
        return 0;
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
            answer(task, session.zero(task.offset, task.length), replies);
        }
    }

    private void write(SlowPart part, ExportSession session, ReplyWriter replies) throws IOException {
        SlowTask whole = part.whole;
        int status = whole.error();
        if (status == ExportSession.OK) {
            status = session.write(part.offset, (int) part.length, part.payload.view(), 0);
        }
        lane().partDone(part);
        if (whole.partDone(status)) {
            answer(whole, whole.error(), replies);
        }
    }

    private void answer(SlowTask task, int status, ReplyWriter replies) throws IOException {
        replies.status(task.cookie, status);
        replies.flush();
        lane().writeDone(task);
    }
}
