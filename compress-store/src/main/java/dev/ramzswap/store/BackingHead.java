package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/**
 * The first page of {@code NAME.backing}: the key, and how much of the backing file is used, without which nothing in
 * it can be read. So there are three copies, and what two of them say holds.
 *
 * <pre>
 *     0 32  key
 *    64  8  bytes that are used of the backing file
 *  1024     the same again
 *  2048     and again
 * </pre>
 */
final class BackingHead {
    private static final int PAGE_BYTES = 4096;
    private static final long CAPACITY_OFFSET = 64;
    private static final long BYTES = CAPACITY_OFFSET + Long.BYTES;
    private static final long COPY_OFFSET = 1024;

    private BackingHead() {}

    /**
     * Mends damaged bits of one copy by the two others. What was killed before it had made two copies is left alone.
     */
    static void repair(MemorySegment page) {
        if (!isWhole(page)) {
            return;
        }
        for (long at = 0; at < BYTES; at += Long.BYTES) {
            setWord(page, at, majority(page, at));
        }
    }

    /**
     * What is used of the backing file, by the state in a file; 0 if that is missing, or the backing file was not
     * begun.
     */
    static long capacityIn(Path path) throws IOException {
        MemorySegment page = firstPage(path);
        repair(page);
        long capacity = isWhole(page) ? capacity(page, 0) : 0;
        return capacity <= Slot.MAX_PLACE ? capacity : 0;
    }

    /**
     * Whether a file is one with such a page: it is as large as a copy says, or none says anything, since whoever made
     * it was killed before.
     */
    static boolean isIn(Path path) throws IOException {
        MemorySegment page = firstPage(path);
        long size = Files.size(path);
        boolean isAsLarge = false;
        for (int copy = 0; copy < 3; copy++) {
            long capacity = capacity(page, copy);
            isAsLarge |= capacity > 0 && capacity <= Slot.MAX_PLACE && BackingPart.bytesFor(capacity) == size;
        }
        return isAsLarge || size > PAGE_BYTES && page.mismatch(MemorySegment.ofArray(new byte[PAGE_BYTES])) < 0;
    }

    private static MemorySegment firstPage(Path path) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(PAGE_BYTES).order(ByteOrder.nativeOrder());
        // A pipe, which somebody else may have made, would keep whoever opens it waiting.
        if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
            try (FileChannel channel = FileChannel.open(path)) {
                channel.read(bytes, 0);
            }
        }
        return MemorySegment.ofBuffer(bytes.clear());
    }

    /**
     * Whether the backing file was begun: the capacity, which is copied last, is in two copies. No single bit of them
     * says so, or denies it.
     */
    static boolean isWhole(MemorySegment page) {
        return majority(page, CAPACITY_OFFSET) != 0;
    }

    /** Makes the copies like the first. */
    static void copy(MemorySegment page) {
        for (long at = 0; at < BYTES; at += Long.BYTES) {
            setWord(page, at, word(page, 0, at));
        }
    }

    /** Forgets the key, in all copies, and with it what lies in the backing file. */
    static void wipe(MemorySegment page) {
        for (long at = 0; at < BYTES; at += Long.BYTES) {
            setWord(page, at, 0);
        }
    }

    static void setCapacity(MemorySegment page, long bytes) {
        page.set(JAVA_LONG_UNALIGNED, CAPACITY_OFFSET, bytes);
    }

    private static long capacity(MemorySegment page, int copy) {
        return word(page, copy, CAPACITY_OFFSET);
    }

    private static long majority(MemorySegment page, long at) {
        return Majority.of(word(page, 0, at), word(page, 1, at), word(page, 2, at));
    }

    private static long word(MemorySegment page, int copy, long at) {
        return page.get(JAVA_LONG_UNALIGNED, copy * COPY_OFFSET + at);
    }

    /** In all copies; the capacity, which says that they are whole, last. */
    private static void setWord(MemorySegment page, long at, long word) {
        for (int copy = 0; copy < 3; copy++) {
            page.set(JAVA_LONG_UNALIGNED, copy * COPY_OFFSET + at, word);
        }
    }
}
