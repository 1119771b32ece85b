package dev.ramzswap.store;

import dev.ramzswap.backing.ReadBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * What one thread needs to use a {@link PageStore}: scratch memory, codec contexts, and a stripe of the counters. All
 * of it is made here, so that operations allocate nothing. Not thread-safe.
 */
public final class Workspace implements AutoCloseable {
    /** The record that is being written or was just read, header first. */
    final ByteBuffer record;

    /** {@link #record}'s memory. */
    final MemorySegment memory;

    /** A whole page, for partial writes. */
    final ByteBuffer page;

    /** Null if there is no backing file. */
    final ReadBuffer readBuffer;

    final int stripe;

    private final Arena arena = Arena.ofShared();
    private final CRC32C crc = new CRC32C();
    private final Lz4Codec lz4 = new Lz4Codec();
    private final ZstdCodec zstd = new ZstdCodec();
    private CodecSpec spec = CodecSpec.LZ4;

    Workspace(int stripe, ReadBuffer readBuffer) {
        this.stripe = stripe;
        this.readBuffer = readBuffer;
        this.memory = arena.allocate(Record.HEADER_BYTES + Codec.MAX_COMPRESSED_BYTES, Long.BYTES);
        this.record = memory.asByteBuffer();
        this.page = arena.allocate(PageStore.SLOT_BYTES, Long.BYTES).asByteBuffer();
    }

    /** Makes {@link #record} that of a page: compressed, or raw if that takes more than {@code cutoff} bytes. */
    void encode(long slot, ByteBuffer page, int at, CodecSpec wanted, int cutoff) {
        Codec codec = codec(wanted);
        int length = codec.compress(page, at, record, Record.HEADER_BYTES);
        if (length <= cutoff) {
            seal(slot, codec.id(), length);
        } else {
            record.put(Record.HEADER_BYTES, page, at, PageStore.SLOT_BYTES);
            seal(slot, Codec.RAW, PageStore.SLOT_BYTES);
        }
    }

    /** Makes {@link #record} that of a page filled with a value that does not fit in a slot word. */
    void encodeFill(long slot, long value) {
        SameFilled.setValue(record, Record.HEADER_BYTES, value);
        seal(slot, Codec.FILL, Long.BYTES);
    }

    private void seal(long slot, int codec, int length) {
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

    int recordBytes() {
        return Record.HEADER_BYTES + length();
    }

    /** Whether {@link #record} is intact, and the record that the slot's word tells of. */
    boolean isRecordOf(long slot, long word) {
        int length = Slot.length(word);
        return Record.slot(memory, 0) == slot
                && Record.codec(memory, 0) == Slot.codec(word)
                && Record.length(memory, 0) == length
                && Record.checksum(memory, 0) == checksum(length);
    }

    /** Makes the page of {@link #record}; false if its data do not make one. */
    boolean decode(ByteBuffer into, int at) {
        int length = length();
        switch (codec()) {
            case Codec.RAW -> {
                if (length != PageStore.SLOT_BYTES) {
                    return false;
                }
                into.put(at, record, Record.HEADER_BYTES, PageStore.SLOT_BYTES);
                return true;
            }
            case Codec.FILL -> {
                SameFilled.fill(into, at, SameFilled.value(record, Record.HEADER_BYTES));
                return length == Long.BYTES;
            }
            case Codec.LZ4 -> {
                return lz4.decompress(record, Record.HEADER_BYTES, length, into, at);
            }
            case Codec.ZSTD -> {
                return zstd.decompress(record, Record.HEADER_BYTES, length, into, at);
            }
            default -> {
                return false;
            }
        }
    }

    private int checksum(int length) {
        record.limit(Record.HEADER_BYTES + length).position(Record.CHECKED_OFFSET);
        crc.reset();
        crc.update(record);
        record.clear();
        return (int) crc.getValue();
    }

    private Codec codec(CodecSpec wanted) {
        if (wanted != spec) {
            if (wanted.kind() == CodecSpec.Kind.ZSTD) {
                zstd.setLevel(wanted.level());
            }
            spec = wanted;
        }
        return wanted.kind() == CodecSpec.Kind.ZSTD ? zstd : lz4;
    }

    @Override
    public void close() {
        zstd.close();
        if (readBuffer != null) {
            readBuffer.close();
        }
        arena.close();
    }
}
