package dev.ramzswap.nbd.lane;

import dev.ramzswap.nbd.export.ExportSession;
import dev.ramzswap.nbd.wire.Request;

/**
 * One piece of work of a {@link SlowLane}, made once and used again: a READ, a TRIM or WRITE_ZEROES, a whole WRITE, or
 * a {@link SlowPart} of one. A WRITE is served in parts as its payload arrives, so that it holds little memory; the
 * whole is answered when its last part is done.
 */
sealed class SlowTask permits SlowPart {
    long cookie;
    long offset;
    long length;
    /** The next in the queue that this task is in. */
    SlowTask next;

    private int partsToDo;
    private boolean allParts;
    private int error;

    final void set(Request request) {
        cookie = request.cookie;
        offset = request.offset;
        length = request.length;
    }

    final synchronized void beginWrite(long cookie) {
        this.cookie = cookie;
        partsToDo = 0;
        allParts = false;
        error = ExportSession.OK;
    }

    final synchronized void addPart(boolean last) {
        partsToDo++;
        allParts = last;
    }

    /** @return whether this was the last, so that the whole can be answered */
    final synchronized boolean partDone(int status) {
        if (error == ExportSession.OK) {
            error = status;
        }
        partsToDo--;
        return allParts && partsToDo == 0;
    }

    /** The first error of a part, or {@link ExportSession#OK}. */
    final synchronized int error() {
        return error;
    }
}
