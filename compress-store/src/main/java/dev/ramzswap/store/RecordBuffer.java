package dev.ramzswap.store;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** Memory for one record, header first: one that is being made, or was just read. Not thread-safe. */
final class RecordBuffer {
    final ByteBuffer buffer;

    /** {@link #buffer}'s memory. */
    final MemorySegment memory;

    private final CRC32C crc = new CRC32C();

    RecordBuffer(Arena arena) {
        this.memory = arena.allocate(Record.HEADER_BYTES + Codec.MAX_COMPRESSED_BYTES, Long.BYTES);
        this.buffer = memory.asByteBuffer();
    }

    /** Makes a record of the data behind the header. */
    void seal(long slot, int codec, int length) {
        Record.setHeader(memory, slot, codec, length);
        Record.setChecksum(memory, checksum(length));
    }

    int codec() {
        return Record.codec(memory, 0);
    }

    /** Bytes of the record's data. */
    int length() {
        return Record.length(memory, 0);
    }

    int bytes() {
        return Record.HEADER_BYTES + length();
    }

    /** Whether this is the record that the slot's word tells of, and intact. */
    boolean isIntact(long slot, long word) {
        return Record.isOf(memory, 0, slot, word) && Record.checksum(memory, 0) == checksum(Slot.length(word));
    }

    private int checksum(int length) {
        buffer.limit(Record.HEADER_BYTES + length).position(Record.CHECKED_OFFSET);
        crc.reset();
        crc.update(buffer);
        buffer.clear();
        return (int) crc.getValue();
    }
}
