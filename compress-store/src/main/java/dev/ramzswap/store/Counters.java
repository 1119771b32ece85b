package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.ramzswap.linux.LastingException;
import dev.ramzswap.linux.MappedFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A store's counters: 64-bit words in a mapped file, that any process may read while the store is in use.
 *
 * <pre>
 *     0     head, see {@link CountersHead}
 *  1024     blocks, each of 32 words: word i belongs to counter i in the order of {@link Counter}
 *  6144     the head again
 *  7168     and again
 * </pre>
 *
 * A counter's value is the sum of its words in all blocks: threads add to different blocks, so that they do not fight
 * for a cache line. Native byte order. Thread-safe.
 */
public final class Counters {
    /** What is counted. Names and meaning are frontswap's, zram's (mm_stat, bd_stat), or our own. */
    public enum Counter {
        /** Stored pages that were read. */
        LOADS,
        /** Pages written that went to RAM: the pool, or the slot map alone. */
        SUCC_STORES,
        /** Pages written that could not stay in RAM and went to the backing file. */
        FAILED_STORES,
        /** Stored pages that were dropped by TRIM or WRITE_ZEROES. */
        INVALIDATES,
        /** Stored pages that were dropped since the kernel had freed their slots. */
        FREED_SLOTS,
        /** Bytes of the pages that are stored now, uncompressed, wherever they are. */
        ORIG_DATA_SIZE,
        /** Bytes of data in the pool now: compressed, without headers and waste. */
        COMPR_DATA_SIZE,
        /**
         * Resident bytes of pool, slot map and region table now, headers and fragmentation included. Not what depends
         * on the configuration alone: tables of the backing file (14.3 bytes for each of its segments of 256 KiB, so 57
         * MiB for 1 TiB), its staging buffers, and what each thread has; see docs/design.md, The limit.
         */
        MEM_USED_TOTAL,
        /** The limit of {@link #MEM_USED_TOTAL} in bytes; 0 for none. */
        MEM_LIMIT,
        /** The highest {@link #MEM_USED_TOTAL} so far. */
        MEM_USED_MAX,
        /** Same-filled pages stored now. */
        SAME_PAGES,
        /** Incompressible pages in the pool now. */
        HUGE_PAGES,
        /** Pages in the backing file now. */
        BD_COUNT,
        /** Pages read from the backing file's memory or disk. */
        BD_READS,
        /** Pages written to the backing file, directly or by a spill. */
        BD_WRITES,
        /** Loads and partial writes that failed: a checksum did not match, or the backing file could not be read. */
        IO_ERRORS,
        /** Pages written that were refused, for want of room in RAM and in the backing file. */
        REFUSED_STORES;

        private static final Counter[] ALL = values();
        private static final Set<Counter> GAUGES = EnumSet.of(
                ORIG_DATA_SIZE,
                COMPR_DATA_SIZE,
                MEM_USED_TOTAL,
                MEM_LIMIT,
                MEM_USED_MAX,
                SAME_PAGES,
                HUGE_PAGES,
                BD_COUNT);

        /** The name in {@code status --json}: frontswap's and zram's own spelling. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * What a counters file says at one moment.
     *
     * @param identity of the store: it stays when the store is taken over, and is another when it begins anew
     * @param timesConfigured how often it was configured: once when it began, then by each daemon that was configured
     *     otherwise, and by {@link Tunables#configure}
     * @param freedBits the name given to {@link FreedWatch#begin}, 0 if nobody tells which slots are freed
     */
    public record Snapshot(
            String name,
            long slots,
            long identity,
            String codec,
            long timesConfigured,
            long freedBits,
            Map<Counter, Long> values) {}

    /** Longest name of a store in bytes of UTF-8. */
    public static final int MAX_NAME_BYTES = 255;

    static final int BLOCK_OFFSET = 1024;
    private static final int BLOCK_BYTES = 256;

    /** A power of two. */
    private static final int BLOCKS = 16;

    /** The stripe of the store's own threads. */
    static final int KEEPER = 0;

    static final int FILE_BYTES = 8192;

    private static final VarHandle WORD = JAVA_LONG.varHandle();

    private final MappedFile file;
    private final MemorySegment memory;

    private Counters(MappedFile file) {
        this.file = file;
        this.memory = file.memory();
        clearGauges();
    }

    /** Those of a new store, which holds nothing of what one held that this file may have belonged to. */
    static Counters begin(MappedFile file, String name, long slots) throws IOException {
        requireThisVersion(file);
        CountersHead.of(name, slots, Counter.ALL.length, BLOCKS).writeTo(file.memory());
        return new Counters(file);
    }

    /**
     * Those of a store that is taken over; new ones if it was left without.
     *
     * @throws IOException if it is a store of another size
     */
    static Counters resume(MappedFile file, String name, long slots) throws IOException {
        requireThisVersion(file);
        CountersHead head = CountersHead.in(file.memory());
        if (head.isMissing()) {
            return begin(file, name, slots);
        }
        requireSlots(slots, head.slots(), file.path());
        head.writeTo(file.memory()); // Mends the copies, or makes them.
        return new Counters(file);
    }

    private static void requireThisVersion(MappedFile file) throws IOException {
        CountersHead head = CountersHead.in(file.memory());
        if (!head.isMissing() && !head.isOfThisVersion()) {
            throw new LastingException(
                    file.path() + " is of another version of ramzswap: remove the state, or use that one");
        }
    }

    /** Refuses the state of a store of another size. */
    static void requireSlots(long wanted, long found, Path path) throws IOException {
        if (found != wanted) {
            throw new LastingException(path + " is of a store of " + found + " slots, not " + wanted
                    + ": give the size that it has, or remove the state");
        }
    }

    /** See {@link Snapshot}. */
    public long identity() {
        return head().identity();
    }

    CountersHead head() {
        return CountersHead.in(memory);
    }

    /** After a takeover, what is now is counted anew; what happened is not forgotten. */
    private void clearGauges() {
        for (Counter counter : Counter.GAUGES) {
            for (int block = 0; block < BLOCKS; block++) {
                WORD.setOpaque(memory, offset(counter, block), 0L);
            }
        }
    }

    /** The file, for other processes ({@code /proc/PID/fd/N} for a memory file). */
    public Path path() {
        return file.path();
    }

    /** Adds to a counter in block {@code stripe}, a number of the calling thread's. */
    void add(Counter counter, int stripe, long delta) {
        long unused = (long) WORD.getAndAdd(memory, offset(counter, stripe & BLOCKS - 1), delta);
    }

    /** Counts resident memory that was taken, or given back if negative. */
    void addMemory(long bytes) {
        long used = (long) WORD.getAndAdd(memory, offset(Counter.MEM_USED_TOTAL, 0), bytes) + bytes;
        long maximum = offset(Counter.MEM_USED_MAX, 0);
        long seen = (long) WORD.getOpaque(memory, maximum);
        while (used > seen && !WORD.compareAndSet(memory, maximum, seen, used)) {
            seen = (long) WORD.getOpaque(memory, maximum);
        }
    }

    /** {@link Counter#MEM_USED_TOTAL}, by one read. */
    long memoryUsed() {
        return (long) WORD.getOpaque(memory, offset(Counter.MEM_USED_TOTAL, 0));
    }

    /** Sets {@link Counter#MEM_LIMIT}, and what a takeover finds that cannot do with less. */
    void setLimitThatHolds(long bytes) {
        WORD.setOpaque(memory, offset(Counter.MEM_LIMIT, 0), bytes == StoreConfig.NO_LIMIT ? 0 : bytes);
        CountersHead.setLimitThatHolds(memory, bytes);
    }

    /** Sets what the next daemon takes over. */
    void setLimit(long bytes) {
        CountersHead.setLimit(memory, bytes);
    }

    void setCodec(CodecSpec codec) {
        CountersHead.setCodec(memory, codec);
    }

    /** Sets by what name the next daemon knows the bits of {@link FreedSlots}; 0 for none. */
    void setFreedBits(long name) {
        CountersHead.setFreedBits(memory, name);
    }

    void setConfigured(Tuning tuning) {
        CountersHead.setConfigured(memory, tuning);
    }

    /** A counter's value now. */
    public long get(Counter counter) {
        return sum(memory, counter);
    }

    public Snapshot snapshot() {
        return read(memory, head());
    }

    /**
     * Reads the counters file of a store, of this process or another.
     *
     * @throws IOException if it cannot be read, or is not a counters file of this version
     */
    public static Snapshot read(Path path) throws IOException {
        return readIfWritten(path).orElseThrow(() -> new IOException(path + " is not a counters file"));
    }

    /** The same; empty if it has no head yet: who makes it writes that a moment later, if he lives so long. */
    static Optional<Snapshot> readIfWritten(Path path) throws IOException {
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            throw new IOException(path + " is not a counters file"); // A pipe would keep whoever opens it waiting.
        }
        try (FileChannel channel = FileChannel.open(path);
                Arena arena = Arena.ofConfined()) {
            if (channel.size() != FILE_BYTES) {
                throw new IOException(path + " is not a counters file");
            }
            MemorySegment memory = channel.map(FileChannel.MapMode.READ_ONLY, 0, FILE_BYTES, arena);
            CountersHead head = CountersHead.in(memory);
            if (head.isMissing()) {
                return Optional.empty();
            }
            if (!head.isOfThisVersion()) {
                throw new LastingException(path + " is not a counters file of this version of ramzswap");
            }
            return Optional.of(read(memory, head));
        }
    }

    private static Snapshot read(MemorySegment memory, CountersHead head) {
        EnumMap<Counter, Long> values = new EnumMap<>(Counter.class);
        for (Counter counter : Counter.ALL) {
            values.put(
                    counter, Math.max(sum(memory, counter), 0)); // What is dropped may be counted before it was stored.
        }
        return new Snapshot(
                head.name(),
                head.slots(),
                head.identity(),
                head.codec().toString(),
                head.timesConfigured(),
                head.freedBits(),
                values);
    }

    private static long sum(MemorySegment memory, Counter counter) {
        long sum = 0;
        for (int block = 0; block < BLOCKS; block++) {
            sum += (long) WORD.getOpaque(memory, offset(counter, block));
        }
        return sum;
    }

    private static long offset(Counter counter, int block) {
        return BLOCK_OFFSET + (long) block * BLOCK_BYTES + (long) counter.ordinal() * Long.BYTES;
    }
}
