package dev.ramzswap.store;

import java.nio.ByteBuffer;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;

/** LZ4's block format, by liblz4. */
final class Lz4Codec implements Codec {
    private static final LZ4Compressor COMPRESSOR = LZ4Factory.nativeInstance().fastCompressor();
    // Not the "fast" one: since CVE-2025-12183 that is a slow one in Java.
    private static final LZ4SafeDecompressor DECOMPRESSOR =
            LZ4Factory.nativeInstance().safeDecompressor();

    @Override
    public int id() {
        return LZ4;
    }

    @Override
    public int compress(ByteBuffer page, int at, ByteBuffer into, int intoAt) {
        return COMPRESSOR.compress(page, at, PageStore.SLOT_BYTES, into, intoAt, MAX_COMPRESSED_BYTES);
    }

    @Override
    public boolean decompress(ByteBuffer data, int at, int length, ByteBuffer page, int pageAt) {
        try {
            int bytes = DECOMPRESSOR.decompress(data, at, length, page, pageAt, PageStore.SLOT_BYTES);
            return bytes == PageStore.SLOT_BYTES;
        } catch (LZ4Exception damaged) {
            return false;
        }
    }
}
