package dev.ramzswap.bench;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * The pages that a device is filled with, one behind the other in native memory of process lifetime, and a page of
 * zeroes behind the last. Immutable.
 */
final class Pages {
    static final int BYTES = 4096;

    private final MemorySegment bytes;
    private final int count;

    private Pages(MemorySegment bytes, int count) {
        this.bytes = bytes;
        this.count = count;
    }

    /** Reads files of raw pages; what is behind a file's last whole page is left out. */
    static Pages read(List<Path> files) throws IOException {
        long total = 0;
        for (Path file : files) {
            total += Files.size(file) / BYTES;
        }
        if (total == 0 || total > Integer.MAX_VALUE) {
            throw new IOException("no page of " + BYTES + " bytes, or too many, in " + files);
        }
        MemorySegment bytes = Arena.global().allocate((total + 1) * BYTES, BYTES);
        long at = 0;
        for (Path file : files) {
            long length = Files.size(file) / BYTES * BYTES;
            readFully(file, bytes.asSlice(at, length));
            at += length;
        }
        return new Pages(bytes, (int) total);
    }

    private static void readFully(Path file, MemorySegment into) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long done = 0;
            while (done < into.byteSize()) {
                ByteBuffer rest = into.asSlice(done, Math.min(into.byteSize() - done, 1 << 20))
                        .asByteBuffer();
                int n = channel.read(rest);
                if (n < 0) {
                    throw new EOFException(file + " has become shorter");
                }
                done += n;
            }
        }
    }

    int count() {
        return count;
    }

    MemorySegment bytes() {
        return bytes;
    }

    /** Where page {@code index} (0 to {@link #count} - 1) begins in {@link #bytes}. */
    static long offset(long index) {
        return index * BYTES;
    }

    /** Where the page of zeroes begins in {@link #bytes}. */
    long zeroes() {
        return offset(count);
    }
}
