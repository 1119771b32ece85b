package dev.ramzswap.nbd.lane;

import dev.ramzswap.nbd.io.IoBuffer;

/** A part of a WRITE, with its bytes. */
final class SlowPart extends SlowTask {
    final IoBuffer payload;
    /** The WRITE that it belongs to. */
    SlowTask whole;

    SlowPart(IoBuffer payload) {
        this.payload = payload;
    }
}
