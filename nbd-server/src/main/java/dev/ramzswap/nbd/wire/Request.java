package dev.ramzswap.nbd.wire;

import java.nio.ByteBuffer;

/**
 * The header of one request, as it stands in the receive buffer (section "Request message"); used again for the next.
 */
public final class Request {
    int flags;
    public int type;
    public long cookie;
    public long offset;
    /** 0 to 2^32 - 1. */
    public long length;

    /** @return false if there is no request at {@code at} */
    public boolean read(ByteBuffer from, int at) {
        flags = Short.toUnsignedInt(from.getShort(at + 4));
        type = Short.toUnsignedInt(from.getShort(at + 6));
        cookie = from.getLong(at + 8);
        offset = from.getLong(at + 16);
        length = Integer.toUnsignedLong(from.getInt(at + 24));
        return from.getInt(at) == Protocol.NBD_REQUEST_MAGIC;
    }
}
