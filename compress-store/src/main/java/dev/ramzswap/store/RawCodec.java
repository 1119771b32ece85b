package dev.ramzswap.store;

import java.nio.ByteBuffer;

/** The page as it is. */
final class RawCodec implements Codec {
    @Override
    public int id() {
        return RAW;
    }

    @Override
    public int compress(ByteBuffer page, int at, ByteBuffer into, int intoAt) {
        into.put(intoAt, page, at, PageStore.SLOT_BYTES);
        return PageStore.SLOT_BYTES;
    }

    @Override
    public boolean decompress(ByteBuffer data, int at, int length, ByteBuffer page, int pageAt) {
        if (length != PageStore.SLOT_BYTES) {
            return false;
        }
        page.put(pageAt, data, at, PageStore.SLOT_BYTES);
        return true;
    }
}
