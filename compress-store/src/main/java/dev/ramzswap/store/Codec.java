package dev.ramzswap.store;

import java.nio.ByteBuffer;

/** Compresses one page at a time between direct buffers. Not thread-safe: each {@link Workspace} has its own. */
interface Codec {
    /** What a record's codec field says of its data. These numbers are part of the state's format. */
    int RAW = 0;

    /** Eight bytes that fill the page: a same-filled page whose value does not fit in a slot word. */
    int FILL = 1;

    int LZ4 = 2;
    int ZSTD = 3;

    /** Room that {@link #compress} needs behind its destination: LZ4's and zstd's bounds for one page are less. */
    int MAX_COMPRESSED_BYTES = 4352;

    /** What {@link #compress} returns if it fails: more than any page takes. */
    int INCOMPRESSIBLE = Integer.MAX_VALUE;

    int id();

    /**
     * Compresses a page and returns the number of bytes, at most {@link #MAX_COMPRESSED_BYTES}, or
     * {@link #INCOMPRESSIBLE}.
     */
    int compress(ByteBuffer page, int at, ByteBuffer into, int intoAt);

    /** Fills a page from {@code length} bytes; false if they are not a whole page. */
    boolean decompress(ByteBuffer data, int at, int length, ByteBuffer page, int pageAt);
}
