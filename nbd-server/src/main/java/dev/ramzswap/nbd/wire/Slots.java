package dev.ramzswap.nbd.wire;

import static dev.ramzswap.nbd.wire.Protocol.*;

import dev.ramzswap.nbd.export.ExportSession;
import java.io.IOException;

/**
 * What is asked of a range slot by slot: each slot's answer is true of a moment within the request, so theirs all are.
 */
public final class Slots {
    /** Of the one metadata context that there is. */
    public static final int CONTEXT_ID = 1;

    private Slots() {}

    /** The first slot boundary behind {@code offset}, or {@code end} if that comes first. */
    static long next(long offset, long end) {
        return Math.min((offset | (PREFERRED_BLOCK - 1)) + 1, end);
    }

    public static boolean allZero(ExportSession session, long offset, long length) {
        long end = offset + length;
        for (long at = offset; at < end; at = next(at, end)) {
            if ((session.flags(at) & NBD_STATE_ZERO) == 0) {
                return false;
            }
        }
        return true;
    }

    /** Answers a BLOCK_STATUS: neighbours with the same flags make one extent. */
    public static void blockStatus(ExportSession session, Request request, ReplyWriter replies) throws IOException {
        int most = (request.flags & NBD_CMD_FLAG_REQ_ONE) != 0 ? 1 : MAXIMUM_EXTENTS;
        int place = replies.extentsAt(most);
        long end = request.offset + request.length;
        long at = request.offset;
        int count = 0;
        while (at < end && count < most) {
            int flags = session.flags(at);
            long from = at;
            at = next(at, end);
            while (at < end && session.flags(at) == flags) {
                at = next(at, end);
            }
            replies.buffer().putInt(place, (int) (at - from)).putInt(place + Integer.BYTES, flags);
            place += 2 * Integer.BYTES;
            count++;
        }
        replies.extents(request.cookie, CONTEXT_ID, count);
    }
}
