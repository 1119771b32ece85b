package dev.ramzswap.guard;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;

/**
 * What swap there is besides network block devices, by {@code /proc/swaps}, which is read without asking for memory.
 * For one thread.
 */
final class OtherSwap implements AutoCloseable {
    private static final byte[] OURS = "/dev/nbd".getBytes(StandardCharsets.US_ASCII);

    /** More than 32 areas there cannot be (MAX_SWAPFILES); what is behind this many bytes is taken for full. */
    private static final int TEXT_BYTES = 8192;

    private final FileChannel file;
    private final ByteBuffer text = ByteBuffer.allocateDirect(TEXT_BYTES);

    private long used;
    private long size;
    private int at;

    /** @param file {@code /proc/swaps}, which is closed with it */
    OtherSwap(FileChannel file) {
        this.file = file;
    }

    /** Looks, and says whether more is used than at the last look. */
    boolean hasTakenMore() throws IOException {
        long before = used;
        file.read(text.clear(), 0);
        used = 0;
        size = 0;
        at = 0;
        skipLine();
        while (at < text.position()) {
            readArea();
        }
        return used > before;
    }

    /** Whether, at the last look, any was free. */
    boolean hasRoom() {
        return size > used;
    }

    /** {@code NAME TYPE SIZE USED PRIORITY}, in KiB. */
    private void readArea() {
        boolean isOurs = isOurs();
        skipWord();
        skipWord();
        long areaSize = number();
        long areaUsed = number();
        boolean isWhole = skipLine();
        if (!isOurs && isWhole) {
            size += areaSize;
            used += areaUsed;
        }
    }

    private boolean isOurs() {
        int i = 0;
        while (i < OURS.length && at + i < text.position() && text.get(at + i) == OURS[i]) {
            i++;
        }
        return i == OURS.length;
    }

    private void skipWord() {
        while (at < text.position() && text.get(at) > ' ') {
            at++;
        }
        skipSpaces();
    }

    private void skipSpaces() {
        while (at < text.position() && (text.get(at) == ' ' || text.get(at) == '\t')) {
            at++;
        }
    }

    private long number() {
        long value = 0;
        while (at < text.position() && text.get(at) >= '0' && text.get(at) <= '9') {
            value = value * 10 + text.get(at++) - '0';
        }
        skipSpaces();
        return value;
    }

    /** False if it does not end. */
    private boolean skipLine() {
        while (at < text.position() && text.get(at) != '\n') {
            at++;
        }
        return at++ < text.position();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
