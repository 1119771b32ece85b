package dev.ramzswap.store;

import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import java.nio.ByteBuffer;

/**
 * Zstandard frames without magic number, content size and checksum: the record has all three.
 *
 * <p>The library takes the memory for its tables when it compresses the first page, when it compresses one at a level
 * that needs more, and when much more than it needs was there for 128 pages (ZSTD_cwksp_bump_oversized_duration). So a
 * {@link Workspace} begins with a page of its own, and what a change of level takes is not relied upon.
 */
final class ZstdCodec implements Codec, AutoCloseable {
    private final ZstdCompressCtx compressor = new ZstdCompressCtx();
    private final ZstdDecompressCtx decompressor = new ZstdDecompressCtx();

    ZstdCodec() {
        compressor.setMagicless(true);
        compressor.setContentSize(false);
        compressor.setChecksum(false);
        compressor.setDictID(false);
        decompressor.setMagicless(true);
    }

    void setLevel(int level) {
        compressor.setLevel(level);
    }

    @Override
    public int id() {
        return ZSTD;
    }

    @Override
    public int compress(ByteBuffer page, int at, ByteBuffer into, int intoAt) {
        try {
            return compressor.compressDirectByteBuffer(
                    into, intoAt, MAX_COMPRESSED_BYTES, page, at, PageStore.SLOT_BYTES);
        } catch (ZstdException noMemory) {
            return INCOMPRESSIBLE;
        }
    }

    @Override
    public boolean decompress(ByteBuffer data, int at, int length, ByteBuffer page, int pageAt) {
        try {
            int bytes = decompressor.decompressDirectByteBuffer(page, pageAt, PageStore.SLOT_BYTES, data, at, length);
            return bytes == PageStore.SLOT_BYTES;
        } catch (ZstdException damaged) {
            return false;
        }
    }

    @Override
    public void close() {
        compressor.close();
        decompressor.close();
    }
}
