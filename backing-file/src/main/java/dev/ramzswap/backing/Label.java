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
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.OptionalLong;

/**
 * What says that a file or device is a backing file, and whose, so that it does not cost another export its pages: a
 * block behind the last segment, and 256 KiB full of such blocks before the first one. What makes a file system, a
 * table of partitions, a volume or an encrypted disk there overwrites some of those, so that it is not taken for a
 * backing file any more; what leaves all of them whole writes to the end of a device ({@link Blank#UNUSED_BYTES}).
 *
 * @param owner a number that follows from the key of the backing file, and tells nothing of it
 */
record Label(long owner) {
    /** Of the block behind the last segment. */
    static final int BYTES = ALIGNMENT;

    /** Of those before the first one. */
    static final int HEAD_BYTES = BackingFile.SEGMENT_BYTES;

    /** What those of all versions begin with. */
    static final String NAME_OF_ANY = "ramzswap  backing file v";

    /** What all of them begin with; the owner is behind, and then zeroes. */
    static final String NAME = NAME_OF_ANY + "2";

    private static final long OWNER_OFFSET = 32;

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

    /**
     * Whether it is somebody's backing file, which may be begun anew. Where a daemon was killed before it had written
     * all of the head, the rest of that is zeroes, or of the owner before.
     */
    static boolean isAny(NativeFile file) throws IOException {
        boolean isAny = ownerAt(file, 0).isPresent();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment found = arena.allocate(BYTES, ALIGNMENT);
            MemorySegment zeroes = arena.allocate(BYTES);
            for (long at = BYTES; isAny && at < HEAD_BYTES; at += BYTES) {
                isAny = file.read(found, BYTES, at) == BYTES
                        && (found.mismatch(zeroes) < 0 || ownerAt(file, at).isPresent());
            }
        }
        return isAny;
    }

    /** Whether a block of somebody's label is there. */
    static boolean isAnyAt(NativeFile file, long position) throws IOException {
        return ownerAt(file, position).isPresent();
    }

    /** Whether this label is before the segments, in part maybe. */
    boolean isBegun(NativeFile file) throws IOException {
        return ownerAt(file, 0).equals(OptionalLong.of(owner)) && isHeadOf(file, true);
    }

    /** Whether this label is before and behind the segments. */
    boolean isAt(NativeFile file, long position) throws IOException {
        return ownerAt(file, position).equals(OptionalLong.of(owner)) && isHeadOf(file, false);
    }

    private static OptionalLong ownerAt(NativeFile file, long position) throws IOException {
        if (position < 0 || position % ALIGNMENT != 0) {
            return OptionalLong.empty();
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment found = arena.allocate(BYTES, ALIGNMENT);
            if (file.read(found, BYTES, position) != BYTES) {
                return OptionalLong.empty();
            }
            Label label = new Label(found.get(JAVA_LONG, OWNER_OFFSET));
            return found.mismatch(label.blocks(BYTES, arena)) < 0 ? OptionalLong.of(label.owner) : OptionalLong.empty();
        }
    }

    private boolean isHeadOf(NativeFile file, boolean mayBeBlank) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment head = arena.allocate(HEAD_BYTES, ALIGNMENT);
            MemorySegment block = blocks(BYTES, arena);
            MemorySegment zeroes = arena.allocate(BYTES);
            boolean isHead = file.read(head, HEAD_BYTES, 0) == HEAD_BYTES;
            for (long at = 0; isHead && at < HEAD_BYTES; at += BYTES) {
                MemorySegment found = head.asSlice(at, BYTES);
                isHead = found.mismatch(block) < 0 || mayBeBlank && found.mismatch(zeroes) < 0;
            }
            return isHead;
        }
    }

    /** The head first, by which it is known. */
    void write(NativeFile file, long position) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment blocks = blocks(HEAD_BYTES, arena);
            writeFully(file, blocks, HEAD_BYTES, 0);
            writeFully(file, blocks, BYTES, position);
        }
    }

    private static void writeFully(NativeFile file, MemorySegment from, int bytes, long position) throws IOException {
        if (file.write(from, bytes, position) != bytes) {
            throw new IOException("short write of the label");
        }
    }

    private MemorySegment blocks(int bytes, Arena arena) {
        MemorySegment blocks = arena.allocate(bytes, ALIGNMENT);
        for (long at = 0; at < bytes; at += BYTES) {
            blocks.setString(at, NAME, StandardCharsets.US_ASCII);
            blocks.set(JAVA_LONG, at + OWNER_OFFSET, owner);
        }
        return blocks;
    }
}
