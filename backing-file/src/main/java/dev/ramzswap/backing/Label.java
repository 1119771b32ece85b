package dev.ramzswap.backing;

import static dev.ramzswap.backing.BlockDevice.ALIGNMENT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The block behind the last segment that says that a file or device is a backing file, so that a mistyped path does not
 * cost anybody a file system. What has no label must begin with zeroes, as a new, empty or wiped one does.
 */
final class Label {
    static final int BYTES = ALIGNMENT;

    private static final int ZERO_BYTES = 64 << 10;

    /** "ramzswap backing file v1" in 8-byte pieces, as a little-endian machine writes them. */
    private static final long[] TEXT = {0x7061_7773_7a6d_6172L, 0x6e69_6b63_6162_2020L, 0x3176_2065_6c69_6667L};

    private Label() {}

    /** Refuses to overwrite what somebody else keeps there: what has no label at one of the positions. */
    static void requireOursOrBlank(NativeFile file, Object name, long... positions) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(ZERO_BYTES, ALIGNMENT);
            for (long position : positions) {
                if (isAt(position, file, buffer)) {
                    return;
                }
            }
            buffer.fill((byte) 0);
            int read = file.read(buffer, ZERO_BYTES, 0);
            for (long at = 0; at < read; at += Long.BYTES) {
                if (buffer.get(JAVA_LONG, at) != 0) {
                    throw new IOException(name + " has other content, which would be overwritten: give another path, or"
                            + " wipe it first (dd if=/dev/zero of=" + name + " bs=64K count=1 conv=notrunc)");
                }
            }
        }
    }

    static void write(NativeFile file, long position) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(BYTES, ALIGNMENT);
            for (int i = 0; i < TEXT.length; i++) {
                buffer.setAtIndex(JAVA_LONG, i, TEXT[i]);
            }
            if (file.write(buffer, BYTES, position) != BYTES) {
                throw new IOException("short write of the label");
            }
        }
    }

    private static boolean isAt(long position, NativeFile file, MemorySegment buffer) throws IOException {
        return position >= 0
                && position % ALIGNMENT == 0
                && file.read(buffer, BYTES, position) == BYTES
                && isLabel(buffer);
    }

    private static boolean isLabel(MemorySegment buffer) {
        for (int i = 0; i < TEXT.length; i++) {
            if (buffer.getAtIndex(JAVA_LONG, i) != TEXT[i]) {
                return false;
            }
        }
        return true;
    }
}
