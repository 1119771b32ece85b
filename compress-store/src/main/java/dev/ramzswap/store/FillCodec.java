package dev.ramzswap.store;

import java.nio.ByteBuffer;

/** The one 64-bit word that a same-filled page repeats. */
final class FillCodec implements Codec {
    @Override
    public int id() {
        return FILL;
    }

    @Override
    public int compress(ByteBuffer page, int at, ByteBuffer into, int intoAt) {
        SameFilled.setValue(into, intoAt, SameFilled.value(page, at));
        return Long.BYTES;
    }

    @Override
    public boolean decompress(ByteBuffer data, int at, int length, ByteBuffer page, int pageAt) {
        if (length != Long.BYTES) {
            return false;
        }
        SameFilled.fill(page, pageAt, SameFilled.value(data, at));
        return true;
    }
}
