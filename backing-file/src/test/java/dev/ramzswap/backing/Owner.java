package dev.ramzswap.backing;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.CRC32C;

/**
 * An owner of a backing file as small as can be: a map from keys to records, as the page store has one. A record holds
 * its length, key, version, a checksum, and bytes that follow from key and version. A key's word is its record's place
 * and length, 0 for none.
 */
final class Owner implements Mover {
    static final int HEADER_BYTES = 16;
    static final int MAX_BYTES = 4300;
    /** {@link #load}: there is no such record. */
    static final int ABSENT = -1;

    /** {@link #load}: the device could not read the record. */
    static final int UNREADABLE = -2;

    static final long PATIENCE = 10_000_000_000L;
    private static final int TRIES = 1000;
    private static final int LENGTH_BITS = 13;
    private static final VarHandle WORD = JAVA_LONG.varHandle();

    final BackingFile backing;
    final MemorySegment map;
    final int keys;

    /** What one thread needs. */
    static final class Scratch implements AutoCloseable {
        final MemorySegment memory = Arena.ofAuto().allocate(8192, 8);
        final byte[] bytes = new byte[MAX_BYTES];
        final ReadBuffer buffer;

        Scratch(BackingFile backing) {
            buffer = backing.readBuffer();
        }

        @Override
        public void close() {
            buffer.close();
        }
    }

    /** @param map one word for each key */
    Owner(BackingFile backing, MemorySegment map) {
        this.backing = backing;
        this.map = map;
        this.keys = (int) (map.byteSize() / Long.BYTES);
    }

    Owner(BackingFile backing, int keys) {
        this(backing, MemorySegment.ofArray(new long[keys]));
    }

    /** Makes a record of {@code version}, which is at least 0; returns its length. */
    static int make(int key, int version, Scratch scratch) {
        Random random = new Random(31L * key + version);
        int length = HEADER_BYTES + 4 + random.nextInt(MAX_BYTES - HEADER_BYTES - 4 + 1);
        random.nextBytes(scratch.bytes);
        MemorySegment record = scratch.memory;
        MemorySegment.copy(scratch.bytes, 0, record, JAVA_BYTE, HEADER_BYTES, length - HEADER_BYTES);
        record.set(JAVA_INT_UNALIGNED, 0, length);
        record.set(JAVA_INT_UNALIGNED, 4, key);
        record.set(JAVA_INT_UNALIGNED, 8, version);
        record.set(JAVA_INT_UNALIGNED, 12, checksum(record, length, scratch.bytes));
        return length;
    }

    /** Stores a version; returns a status of the backing file, with the old version intact if it is not OK. */
    int store(int key, int version, Scratch scratch) {
        int length = make(key, version, scratch);
        long place = backing.append(scratch.memory, 0, length, PATIENCE);
        for (int tries = 0; isToBeTriedAgain(place) && tries < TRIES; tries++) {
            if (backing.clean(this) != Cleaning.CLEANED) {
                LockSupport.parkNanos(100_000);
            }
            place = backing.append(scratch.memory, 0, length, PATIENCE);
        }
        if (place < 0) {
            return (int) place;
        }
        release((long) WORD.getAndSet(map, 8L * key, word(place, length)));
        return BackingFile.OK;
    }

    private static boolean isToBeTriedAgain(long place) {
        return place == BackingFile.NO_ROOM || place == BackingFile.WOULD_WAIT;
    }

    void drop(int key) {
        release((long) WORD.getAndSet(map, 8L * key, 0L));
    }

    /** The version that is stored, {@link #ABSENT} or {@link #UNREADABLE}. Throws if it is not intact. */
    int load(int key, Scratch scratch) {
        while (true) {
            long word = get(key);
            if (word == 0) {
                return ABSENT;
            }
            int status = backing.read(place(word), length(word), scratch.memory, 0, scratch.buffer);
            int version = status == BackingFile.OK ? version(key, length(word), scratch) : UNREADABLE;
            if (version >= 0) {
                return version;
            }
            if (get(key) == word) {
                if (status == BackingFile.OK) {
                    throw new AssertionError("key " + key + " at " + place(word) + " is damaged");
                }
                return UNREADABLE;
            }
        }
    }

    /** Tells a backing file that took over what is live. */
    void adopt() {
        for (int key = 0; key < keys; key++) {
            long word = get(key);
            if (word != 0 && !backing.adopt(place(word), length(word))) {
                throw new AssertionError("key " + key + " at " + place(word) + " is refused");
            }
        }
        backing.adopted();
    }

    /** Like {@link #adopt}, of a damaged table: what is refused is lost. */
    void adoptWhatCanBe() {
        for (int key = 0; key < keys; key++) {
            long word = get(key);
            if (word != 0) {
                backing.adopt(place(word), length(word));
            }
        }
        backing.adopted();
    }

    int segmentOf(int key) {
        return Places.segment(place(get(key)));
    }

    @Override
    public Result move(MemorySegment records, long place, int length, Count count, Target target) {
        Result result = Result.EMPTIED;
        int at = 0;
        while (at + HEADER_BYTES <= length) {
            int bytes = records.get(JAVA_INT_UNALIGNED, at);
            int key = records.get(JAVA_INT_UNALIGNED, at + 4);
            if (bytes < HEADER_BYTES || bytes > MAX_BYTES || key < 0 || key >= keys) {
                break;
            }
            long word = word(place + at, bytes);
            if (get(key) == word && !isIntact(records.asSlice(at, bytes), key, bytes, new byte[bytes])) {
                result = Result.DAMAGED; // A part of it could not be read.
            } else if (get(key) == word) {
                long moved = target.put(records, at, bytes);
                if (moved < 0) {
                    return Result.LATER;
                }
                boolean current = WORD.compareAndSet(map, 8L * key, word, word(moved, bytes));
                release(current ? word : word(moved, bytes));
            }
            at += Places.padded(bytes);
        }
        return result;
    }

    static long place(long word) {
        return (word >>> LENGTH_BITS) - 1;
    }

    static int length(long word) {
        return (int) (word & (1 << LENGTH_BITS) - 1);
    }

    private static long word(long place, int length) {
        return place + 1 << LENGTH_BITS | length;
    }

    private long get(int key) {
        return (long) WORD.getVolatile(map, 8L * key);
    }

    private void release(long word) {
        if (word != 0) {
            backing.free(place(word), length(word));
        }
    }

    private static int version(int key, int length, Scratch scratch) {
        MemorySegment record = scratch.memory;
        return isIntact(record, key, length, scratch.bytes) ? record.get(JAVA_INT_UNALIGNED, 8) : UNREADABLE;
    }

    private static boolean isIntact(MemorySegment record, int key, int length, byte[] bytes) {
        return record.get(JAVA_INT_UNALIGNED, 0) == length
                && record.get(JAVA_INT_UNALIGNED, 4) == key
                && record.get(JAVA_INT_UNALIGNED, 12) == checksum(record, length, bytes);
    }

    private static int checksum(MemorySegment record, int length, byte[] bytes) {
        MemorySegment.copy(record, JAVA_BYTE, 0, bytes, 0, length);
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, HEADER_BYTES - 4);
        crc.update(bytes, HEADER_BYTES, length - HEADER_BYTES);
        return (int) crc.getValue();
    }
}
