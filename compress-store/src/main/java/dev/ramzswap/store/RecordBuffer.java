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

    private final FileSeal fileSeal;

    RecordBuffer(FileSeal fileSeal, Arena arena) {
        this.fileSeal = fileSeal.another();
        this.memory = arena.allocate(Record.HEADER_BYTES + Codec.MAX_COMPRESSED_BYTES, Long.BYTES);
        this.buffer = memory.asByteBuffer();
    }

    /** Makes a record of the data behind the header. */
    void seal(long slot, int codec, int length) {
        Record.setHeader(memory, slot, codec, length);
        Record.setChecksum(memory, checksum(length));
    }

    /**
     * Makes it a record for the backing file: with a keyed tag in place of the checksum, if it is to be encrypted.
     * Counter mode lets whoever has the disk flip chosen bits, and a checksum can be made to fit.
     */
    void sealForFile() {
        if (fileSeal.tag() != null) {
            Record.setChecksum(memory, fileSeal.isByTag() ? tag(length()) : checksum(length()));
        }
    }

    /** Makes it a record for the pool again. */
    void sealForPool() {
        Record.setChecksum(memory, checksum(length()));
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

    /**
     * Whether this is the record that the slot's word tells of, and intact. One from the file may have a checksum all
     * the same: it was written when the file was not encrypted. To make one up takes as much luck as to make up a tag.
     */
    boolean isIntact(long slot, long word) {
        int length = Slot.length(word);
        int sealed = Record.checksum(memory, 0);
        return Record.isOf(memory, 0, slot, word)
                && (fileSeal.tag() != null && Slot.kind(word) == Slot.KIND_FILE && sealed == tag(length)
                        || sealed == checksum(length));
    }

    private int tag(int length) {
        return fileSeal.tag().tag(memory, Record.CHECKED_OFFSET, Record.HEADER_BYTES - Record.CHECKED_OFFSET + length);
    }

    private int checksum(int length) {
        buffer.limit(Record.HEADER_BYTES + length).position(Record.CHECKED_OFFSET);
        crc.reset();
        crc.update(buffer);
        buffer.clear();
        return (int) crc.getValue();
    }
}
