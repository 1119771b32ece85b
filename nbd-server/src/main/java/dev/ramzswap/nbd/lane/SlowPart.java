package dev.ramzswap.nbd.lane;

import dev.ramzswap.nbd.io.IoBuffer;
import java.nio.ByteBuffer;

/** A part of a WRITE, with its bytes. */
final class SlowPart extends SlowTask {
    final ByteBuffer payload;
    /** Whose the payload is, if it is memory of its own. */
    final IoBuffer borrowed;
    /** The WRITE that it belongs to. */
    SlowTask whole;

    /** @param borrowed null if it is a part of its lane's memory */
    SlowPart(ByteBuffer payload, IoBuffer borrowed) {
        this.payload = payload;
        this.borrowed = borrowed;
    }
}
