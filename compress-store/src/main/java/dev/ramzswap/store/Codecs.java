package dev.ramzswap.store;

import java.nio.ByteBuffer;

/**
 * The codecs by their numbers, with the contexts of one thread. All are made at once, whichever is configured: records
 * of an earlier codec stay. Not thread-safe.
 */
final class Codecs implements AutoCloseable {
    private final Lz4Codec lz4 = new Lz4Codec();
    private final ZstdCodec zstd = new ZstdCodec();
    private final Codec[] byId = {new RawCodec(), new FillCodec(), lz4, zstd};
    private CodecSpec spec = CodecSpec.LZ4;

    /** The codec for new pages. */
    Codec of(CodecSpec wanted) {
        if (wanted != spec) {
            if (wanted.kind() == CodecSpec.Kind.ZSTD) {
                zstd.setLevel(wanted.level());
            }
            spec = wanted;
        }
        return wanted.kind() == CodecSpec.Kind.ZSTD ? zstd : lz4;
    }

    /** Fills a page from a record's data; false if they are not a whole page, or of no codec. */
    boolean decompress(int id, ByteBuffer data, int at, int length, ByteBuffer page, int pageAt) {
        return id < byId.length && byId[id].decompress(data, at, length, page, pageAt);
    }

    @Override
    public void close() {
        zstd.close();
    }
}
