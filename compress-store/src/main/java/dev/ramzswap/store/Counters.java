package dev.ramzswap.store;

import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;

/** A store's counters: words in a mapped file that any process may read while the store is in use. */
public final class Counters {
    /** Names and meaning are frontswap's, zram's (mm_stat, bd_stat), or our own. */
    public enum Counter {
        LOADS,
        SUCC_STORES,
        FAILED_STORES,
        INVALIDATES,
        ORIG_DATA_SIZE,
        COMPR_DATA_SIZE,
        MEM_USED_TOTAL,
        MEM_LIMIT,
        MEM_USED_MAX,
        SAME_PAGES,
        HUGE_PAGES,
        BD_COUNT,
        BD_READS,
        BD_WRITES,
        CHECKSUM_ERRORS,
        BACKING_ERRORS;

        /** The name in {@code status --json}: frontswap's and zram's own spelling. */
        public String label() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /** What a counters file says at one moment. */
    public record Snapshot(String name, long slots, String codec, EnumMap<Counter, Long> values) {}

    /** The file, for other processes ({@code /proc/PID/fd/N} for a memory file). */
    public Path path() {
        throw new IllegalStateException("not yet");
    }

    /** Reads the counters file of a store, of this process or another. */
    public static Snapshot read(Path file) throws IOException {
        throw new IOException("not yet");
    }

    public Snapshot snapshot() {
        throw new IllegalStateException("not yet");
    }
}
