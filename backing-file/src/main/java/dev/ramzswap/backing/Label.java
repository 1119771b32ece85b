package dev.ramzswap.backing;

import static dev.ramzswap.backing.BlockDevice.ALIGNMENT;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.OptionalLong;

/**
 * The block behind the last segment that says that a file or device is a backing file, so that a mistyped path does not
 * cost anybody a file system, and whose, so that it does not cost another export its pages. What has no label must
 * begin with zeroes, as a new, empty or wiped one does.
 *
 * @param owner a number that follows from the key of the backing file, and tells nothing of it
 */
record Label(long owner) {
    static final int BYTES = ALIGNMENT;

    private static final int ZERO_BYTES = 64 << 10;

    /** "ramzswap backing file v1" in 8-byte pieces, as a little-endian machine writes them. The owner is behind. */
    private static final long[] TEXT = {0x7061_7773_7a6d_6172L, 0x6e69_6b63_6162_2020L, 0x3176_2065_6c69_6667L};

    /** That of the backing file with a key. */
    static Label of(MemorySegment key) {
        byte[] bytes = key.toArray(JAVA_BYTE);
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            return new Label(
                    ByteBuffer.wrap(digest).order(ByteOrder.nativeOrder()).getLong());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK has no SHA-256", e);
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    /** Refuses to overwrite what somebody else keeps there: what is not blank, and has nobody's label. */
    static void requireAnyOrBlank(NativeFile file, long position, Object name) throws IOException {
        if (ownerAt(file, position).isPresent()) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(ZERO_BYTES, ALIGNMENT);
            int read = file.read(buffer, ZERO_BYTES, 0);
            for (long at = 0; at < read; at += Long.BYTES) {
                if (buffer.get(JAVA_LONG, at) != 0) {
                    throw new IOException(name + " has other content, which would be overwritten: give another path, or"
                            + " wipe it first (dd if=/dev/zero of=" + name + " bs=64K count=1 conv=notrunc)");
                }
            }
        }
    }

    /** Whether this label is there. */
    boolean isAt(NativeFile file, long position) throws IOException {
        return ownerAt(file, position).equals(OptionalLong.of(owner));
    }

    /** Whether a label is there, but not this one. */
    boolean isAnothersAt(NativeFile file, long position) throws IOException {
        return ownerAt(file, position).orElse(owner) != owner;
    }

    private static OptionalLong ownerAt(NativeFile file, long position) throws IOException {
        if (position < 0 || position % ALIGNMENT != 0) {
            return OptionalLong.empty();
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(BYTES, ALIGNMENT);
            boolean isLabel = file.read(buffer, BYTES, position) == BYTES && hasText(buffer);
            return isLabel ? OptionalLong.of(buffer.getAtIndex(JAVA_LONG, TEXT.length)) : OptionalLong.empty();
        }
    }

    private static boolean hasText(MemorySegment buffer) {
        for (int i = 0; i < TEXT.length; i++) {
            if (buffer.getAtIndex(JAVA_LONG, i) != TEXT[i]) {
                return false;
            }
        }
        return true;
    }

    void write(NativeFile file, long position) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(BYTES, ALIGNMENT);
            for (int i = 0; i < TEXT.length; i++) {
                buffer.setAtIndex(JAVA_LONG, i, TEXT[i]);
            }
            buffer.setAtIndex(JAVA_LONG, TEXT.length, owner);
            if (file.write(buffer, BYTES, position) != BYTES) {
                throw new IOException("short write of the label");
            }
        }
    }
}
