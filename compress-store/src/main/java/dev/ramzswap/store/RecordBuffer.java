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
     * Makes a record of the pool one for the backing file: with the file's owner in the checksum; or, if it is to be
     * encrypted, with a keyed tag instead. Counter mode lets whoever has the disk flip chosen bits, and a checksum can
     * be made to fit.
     */
    void sealForFile() {
        Record.setChecksum(memory, fileSeal.isByTag() ? tag(length()) : ofFile(Record.checksum(memory, 0)));
    }

    /** Makes a record of the backing file, whatever its seal, one that is as it would be written there now. */
    void sealForFileAgain() {
        if (fileSeal.tag() != null) {
            sealForPool();
            sealForFile();
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
     * the same: it lies in a segment that is in the clear. To make one up in one that is encrypted takes as much luck
     * as to make up a tag, since none of those has a record with a bare checksum, whose change would follow from that
     * of the data ({@link Resealer}).
     */
    boolean isIntact(long slot, long word) {
        return Record.isOf(memory, 0, slot, word)
                && (Slot.kind(word) == Slot.KIND_FILE
                        ? isSealedForFile(Slot.length(word))
                        : Record.checksum(memory, 0) == checksum(Slot.length(word)));
    }

    private boolean isSealedForFile(int length) {
        int sealed = Record.checksum(memory, 0);
        return fileSeal.tag() != null && sealed == tag(length) || sealed == ofFile(checksum(length));
    }

    /** A checksum is linear: this is as good as one over the owner, too, and costs nothing. */
    private int ofFile(int checksum) {
        return checksum ^ fileSeal.owner();
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
