package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;

/**
 * The head of a counters file. Without it a store can neither be taken over nor be known again by the kernel, so there
 * are three copies, and what two of them say holds. Who was killed as it wrote them may have left the first one only.
 *
 * <pre>
 *     0  8  magic "ramzctr" and format version 4, of the state in all: 1 had no labels before the backing file; 2 named
 *           who attached a device by its process id alone; 3 had no word for freed slots. The text that the kernel
 *           keeps with a device (Backend, in dev.ramzswap.attach) is a part of the state: a daemon that does not know
 *           it gives no connection back
 *     8  4  counters in a block
 *    12  4  blocks
 *    16  8  slots of the store
 *    24  8  codec: 0 for LZ4, else zstd's level
 *    32  4  length of the name
 *    36     name, UTF-8
 *   296  8  identity of the store: a random number, drawn when it began, empty
 *   304  8  limit, as it was configured or set
 *   312  8  the limit that it was configured with, which may have been changed since
 *   320  8  the codec that it was configured with, as above
 *   328  8  how often it was configured; 0 if the daemon that made it kept none of these four
 *   336  8  the limit that holds: that above, or a higher one that a takeover has left ({@link Limit#takeOver}); 0 if the
 *           daemon that made it kept none
 *   344  8  the name of the bits of {@link FreedSlots} that the daemon looks at, 0 for none
 * </pre>
 */
final class CountersHead {
    static final int BYTES = 352;

    /** Where the copies are in the file: one before the counters, two behind them. */
    static final int[] COPIES = {0, 6144, 7168};

    private static final long MAGIC = 0x0472_7463_7a6d_6172L; // "ramzctr" and 4, as bytes of a little-endian machine
    private static final int COUNTERS_OFFSET = 8;
    private static final int BLOCKS_OFFSET = 12;
    private static final int SLOTS_OFFSET = 16;
    private static final int CODEC_OFFSET = 24;
    private static final int NAME_LENGTH_OFFSET = 32;
    private static final int NAME_OFFSET = 36;
    private static final int IDENTITY_OFFSET = 296;
    private static final int LIMIT_OFFSET = 304;
    private static final int CONFIGURED_LIMIT_OFFSET = 312;
    private static final int CONFIGURED_CODEC_OFFSET = 320;
    private static final int TIMES_CONFIGURED_OFFSET = 328;
    private static final int LIMIT_THAT_HOLDS_OFFSET = 336;
    private static final int FREED_BITS_OFFSET = 344;

    private static final VarHandle WORD = JAVA_LONG.varHandle();

    /** A copy of what holds, in memory of our own. */
    private final MemorySegment head;

    private CountersHead(MemorySegment head) {
        this.head = head;
    }

    /** A new one, of a new identity. */
    static CountersHead of(String name, long slots, int counters, int blocks) {
        MemorySegment head = MemorySegment.ofArray(new long[BYTES / Long.BYTES]);
        byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
        head.set(JAVA_LONG, 0, MAGIC);
        head.set(JAVA_INT, COUNTERS_OFFSET, counters);
        head.set(JAVA_INT, BLOCKS_OFFSET, blocks);
        head.set(JAVA_LONG, SLOTS_OFFSET, slots);
        head.set(JAVA_INT, NAME_LENGTH_OFFSET, utf8.length);
        MemorySegment.copy(utf8, 0, head, JAVA_BYTE, NAME_OFFSET, utf8.length);
        head.set(JAVA_LONG, IDENTITY_OFFSET, newIdentity());
        return new CountersHead(head);
    }

    /** What a file says. */
    static CountersHead in(MemorySegment file) {
        boolean hasCopies = word(file, COPIES[1]) != 0 && word(file, COPIES[2]) != 0;
        MemorySegment head = MemorySegment.ofArray(new long[BYTES / Long.BYTES]);
        for (int at = 0; at < BYTES; at += Long.BYTES) {
            head.set(JAVA_LONG, at, hasCopies ? majority(file, at) : word(file, at));
        }
        return new CountersHead(head);
    }

    private static long majority(MemorySegment file, int at) {
        return Majority.of(word(file, COPIES[0] + at), word(file, COPIES[1] + at), word(file, COPIES[2] + at));
    }

    private static long word(MemorySegment file, long at) {
        return (long) WORD.getAcquire(file, at);
    }

    /** Writes it to all copies; the magic, which says that the rest of a copy is there, last. */
    void writeTo(MemorySegment file) {
        for (int at = BYTES - Long.BYTES; at >= 0; at -= Long.BYTES) {
            setWord(file, at, head.get(JAVA_LONG, at));
        }
    }

    private static void setWord(MemorySegment file, int at, long word) {
        for (int copy : COPIES) {
            WORD.setRelease(file, (long) copy + at, word);
        }
    }

    private static long newIdentity() {
        return new SecureRandom().nextLong();
    }

    static void setCodec(MemorySegment file, CodecSpec codec) {
        setWord(file, CODEC_OFFSET, codec.level());
    }

    static void setLimit(MemorySegment file, long bytes) {
        setWord(file, LIMIT_OFFSET, bytes);
    }

    static void setLimitThatHolds(MemorySegment file, long bytes) {
        setWord(file, LIMIT_THAT_HOLDS_OFFSET, bytes);
    }

    static void setFreedBits(MemorySegment file, long name) {
        setWord(file, FREED_BITS_OFFSET, name);
    }

    /**
     * The times first: who is killed behind them has outdated every configuration that was read before, and so the next
     * one goes by what is to hold.
     */
    static void setConfigured(MemorySegment file, Tuning tuning) {
        setWord(file, TIMES_CONFIGURED_OFFSET, in(file).timesConfigured() + 1);
        setWord(file, CONFIGURED_LIMIT_OFFSET, tuning.limit());
        setWord(file, CONFIGURED_CODEC_OFFSET, tuning.codec().level());
    }

    /** Whether there is none: whoever made the file died before he wrote it. */
    boolean isMissing() {
        return head.get(JAVA_LONG, 0) == 0;
    }

    boolean isOfThisVersion() {
        return head.get(JAVA_LONG, 0) == MAGIC;
    }

    long slots() {
        return head.get(JAVA_LONG, SLOTS_OFFSET);
    }

    long identity() {
        return head.get(JAVA_LONG, IDENTITY_OFFSET);
    }

    CodecSpec codec() {
        return codecAt(CODEC_OFFSET);
    }

    /** What is to hold, whoever has set it. */
    Tuning held() {
        return new Tuning(head.get(JAVA_LONG, LIMIT_OFFSET), codec());
    }

    /** 0 if nothing is known of it. */
    long limitThatHolds() {
        long limit = head.get(JAVA_LONG, LIMIT_THAT_HOLDS_OFFSET);
        return limit == 0 ? held().limit() : limit;
    }

    /** 0 if the daemon that had this looked at none. */
    long freedBits() {
        return head.get(JAVA_LONG, FREED_BITS_OFFSET);
    }

    Tuning configured() {
        return new Tuning(head.get(JAVA_LONG, CONFIGURED_LIMIT_OFFSET), codecAt(CONFIGURED_CODEC_OFFSET));
    }

    long timesConfigured() {
        return head.get(JAVA_LONG, TIMES_CONFIGURED_OFFSET);
    }

    private CodecSpec codecAt(int offset) {
        int level = (int) head.get(JAVA_LONG, offset);
        return level == 0 ? CodecSpec.LZ4 : new CodecSpec(CodecSpec.Kind.ZSTD, level);
    }

    String name() {
        int length = Math.clamp(head.get(JAVA_INT, NAME_LENGTH_OFFSET), 0, Counters.MAX_NAME_BYTES);
        return new String(head.asSlice(NAME_OFFSET, length).toArray(JAVA_BYTE), StandardCharsets.UTF_8);
    }
}
