package dev.ramzswap.guard;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.function.IntPredicate;

/**
 * What swap there is besides a daemon's own devices, by {@code /proc/swaps}, which is read without asking for memory.
 * Whose a network block device is, is asked at the first look that shows it: it has just been swapped on then, and
 * memory is there still. It is asked again now and then while memory is there: who has attached it may connect later,
 * as to a daemon that has taken over ({@code nbd-client -persist}), or have it attached elsewhere by then. For one
 * thread.
 */
final class OtherSwap implements AutoCloseable {
    private static final byte[] NBD = "/dev/nbd".getBytes(StandardCharsets.US_ASCII);

    /** More than 32 areas there cannot be (MAX_SWAPFILES); what is behind this many bytes is taken for full. */
    private static final int TEXT_BYTES = 8192;

    /** Many more than anybody loads the driver with (nbds_max=16): those behind are never a daemon's own. */
    private static final int DEVICES = 4096;

    /** So many looks at least lie between two questions for one device. */
    private static final int LOOKS_TO_NEXT_QUESTION = 20;

    private final FileChannel file;
    private final IntPredicate isOwn;
    private final ByteBuffer text = ByteBuffer.allocateDirect(TEXT_BYTES);

    /** Network block devices, by number: those of the last look, those of this one, and the daemon's own among them. */
    private final BitSet known = new BitSet(DEVICES);

    private final BitSet seen = new BitSet(DEVICES);
    private final BitSet own = new BitSet(DEVICES);

    private long used;
    private long size;
    private int at;
    private int looksSinceQuestion;

    /**
     * @param file {@code /proc/swaps}, which is closed with it
     * @param isOwn whether the network block device of a number is the daemon's own
     */
    OtherSwap(FileChannel file, IntPredicate isOwn) {
        this.file = file;
        this.isOwn = isOwn;
    }

    /** Has the next look ask anew whose each device is, if no look has for long. */
    void askAnewInTime() {
        if (looksSinceQuestion >= LOOKS_TO_NEXT_QUESTION) {
            looksSinceQuestion = 0;
            known.clear();
        }
    }

    void look() throws IOException {
        looksSinceQuestion++;
        file.read(text.clear(), 0);
        used = 0;
        size = 0;
        at = 0;
        seen.clear();
        skipLine();
        while (at < text.position()) {
            readArea();
        }
        known.clear();
        known.or(seen);
    }

    /** KiB that were used at the last look. */
    long used() {
        return used;
    }

    /** Whether, at the last look, any was free. */
    boolean hasRoom() {
        return size > used;
    }

    /** {@code NAME TYPE SIZE USED PRIORITY}, in KiB. */
    private void readArea() {
        boolean isOther = !isOwn(deviceNumber());
        skipWord();
        skipWord();
        long areaSize = number();
        long areaUsed = number();
        boolean isWhole = skipLine();
        if (isOther && isWhole) {
            size += areaSize;
            used += areaUsed;
        }
    }

    private boolean isOwn(int number) {
        if (number < 0 || number >= DEVICES) {
            return false;
        }
        if (!known.get(number)) {
            own.set(number, isOwn.test(number));
        }
        seen.set(number);
        return own.get(number);
    }

    /**
     * N of {@code /dev/nbdN}, of a partition of it, and of {@code /mnt/dev/nbdN}, as it is called outside a chroot; -1
     * for anything else, such as {@code /dev/nbd-spare}.
     */
    private int deviceNumber() {
        int end = wordEnd();
        int begin = end - 1;
        while (begin > at && !isNbd(begin, end)) {
            begin--;
        }
        if (!isNbd(begin, end)) {
            return -1;
        }
        int value = 0;
        int i = begin + NBD.length;
        boolean hasNumber = i < end && isDigit(i);
        for (; value < DEVICES && i < end && isDigit(i); i++) {
            value = value * 10 + text.get(i) - '0';
        }
        boolean isDevice = i == end || text.get(i) == 'p' || text.get(i) == '\\'; // \040(deleted)
        return hasNumber && isDevice ? value : -1;
    }

    private boolean isNbd(int begin, int end) {
        int i = 0;
        while (i < NBD.length && begin + i < end && text.get(begin + i) == NBD[i]) {
            i++;
        }
        return i == NBD.length;
    }

    private int wordEnd() {
        int end = at;
        while (end < text.position() && text.get(end) > ' ') {
            end++;
        }
        return end;
    }

    private boolean isDigit(int index) {
        return text.get(index) >= '0' && text.get(index) <= '9';
    }

    private void skipWord() {
        at = wordEnd();
        skipSpaces();
    }

    private void skipSpaces() {
        while (at < text.position() && (text.get(at) == ' ' || text.get(at) == '\t')) {
            at++;
        }
    }

    private long number() {
        long value = 0;
        while (at < text.position() && isDigit(at)) {
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
