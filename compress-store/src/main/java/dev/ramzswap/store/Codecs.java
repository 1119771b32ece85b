package dev.ramzswap.store;

import java.nio.ByteBuffer;

/**
 * The codecs by their numbers, with the contexts of one thread. All are made at once, whichever is configured: records
 * of an earlier codec stay, and a page must not have to wait for memory. With LZ4 alone, which has none of its own,
 * that is 99 KiB of native memory (zstd 1.5.7, by mallinfo2 over 4096 of each): 94 for the decompressor, without which
 * no record of zstd could be read, and 5 for the compressor, which is not worth a later start. Zstd's tables (67 KiB at
 * level 1, 268 at 19) are taken only where it is configured ({@link Workspace#prepare}). Not thread-safe.
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
