package dev.ramzswap.nbd.lane;

import dev.ramzswap.nbd.export.ExportSession;
import dev.ramzswap.nbd.wire.Negotiated;
import dev.ramzswap.nbd.wire.Outlet;
import dev.ramzswap.nbd.wire.ReplyWriter;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;

/** A thread of a {@link SlowLane}, with its own session and a reply buffer of the lane's. */
abstract class SlowWorker implements Runnable {
    private static final System.Logger LOG = System.getLogger(SlowWorker.class.getName());

    private final ByteBuffer buffer;
    private final Negotiated agreed;
    private final Outlet outlet;
    private final SlowLane lane;

    /** @param buffer for replies, with {@link ReplyWriter#OVERHEAD}, that are collected at once */
    SlowWorker(ByteBuffer buffer, Negotiated agreed, Outlet outlet, SlowLane lane) {
        this.buffer = buffer;
        this.agreed = agreed;
        this.outlet = outlet;
        this.lane = lane;
    }

    abstract TaskQueue queue(SlowLane lane);

    /** Does a task, answers it, and gives it back. */
    abstract void serve(SlowTask task, ExportSession session, ReplyWriter replies) throws IOException;

    final SlowLane lane() {
        return lane;
    }

    final Outlet outlet() {
        return outlet;
    }

    @Override
    public final void run() {
        try (ExportSession session = agreed.export().open()) {
            ReplyWriter replies = new ReplyWriter(outlet, buffer, agreed.structured());
            TaskQueue queue = queue(lane);
            for (SlowTask task = queue.next(); task != null; task = queue.next()) {
                serve(task, session, replies);
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "connection lost", e);
            lane.abandon();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "connection closed after an unexpected error", e);
            lane.abandon();
        }
    }
}
