package dev.ramzswap.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Room for a file ahead of its use, so that no write there can fail for want of it. */
public final class Preallocation {
    private static final int BLOCK_BYTES = 4096;
    private static final int WRITE_BYTES = 64 * BLOCK_BYTES;

    /**
     * What is allocated at once: so much that it makes no file of pieces, and so little that it ends soon, also where
     * that is a chain of clusters (FAT).
     */
    private static final long ALLOCATE_BYTES = 64 << 20;

    private Preallocation() {}

    /**
     * Takes room for the first {@code bytes} of a file; what it holds stays. Where the file system cannot allocate
     * ahead (ramfs, some network file systems), by {@link #byWriting}.
     */
    public static void of(NativeFile file, long bytes, Progress progress) throws IOException {
        long at = 0;
        do {
            long length = Math.min(ALLOCATE_BYTES, bytes - at);
            if (!file.allocate(at, length)) {
                byWriting(file, bytes, progress);
                return;
            }
            at += length;
            progress.at(at);
        } while (at < bytes);
    }

    /** Writes back what the file holds, zeroes for its holes and behind its end. Nobody else may write meanwhile. */
    static void byWriting(NativeFile file, long bytes, Progress progress) throws IOException {
        long held = file.size();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(WRITE_BYTES, BLOCK_BYTES);
            for (long at = 0; at < bytes; at += WRITE_BYTES) {
                int length = (int) Math.min(WRITE_BYTES, bytes - at);
                buffer.fill((byte) 0);
                readFully(file, buffer, Math.clamp(held - at, 0, length), at);
                file.writeFully(buffer, length, at);
                progress.at(at + length);
            }
        }
    }

    /** There is room for the whole of the last block. */
    private static void readFully(NativeFile file, MemorySegment into, int length, long position)
            throws ErrnoException {
        for (int done = 0, got = 1; done < length && got > 0; done += got) {
            // Past the page cache, whole blocks are read, of which the last one may end early.
            int blocks = Math.ceilDiv(length - done, BLOCK_BYTES) * BLOCK_BYTES;
            got = file.read(into.asSlice(done), blocks, position + done);
        }
    }
}
