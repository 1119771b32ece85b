package dev.ramzswap.store;

import dev.ramzswap.backing.ReadBuffer;
import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * What one thread needs to use a {@link PageStore}: scratch memory, codec contexts, and a stripe of the counters. All
 * of it is made here, so that operations allocate nothing. Not thread-safe.
 */
public final class Workspace implements AutoCloseable {
    private static final VarHandle OPERATIONS;

    static {
        try {
            OPERATIONS = MethodHandles.lookup().findVarHandle(Workspace.class, "operations", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final RecordBuffer record;

    /** A whole page, for partial writes. */
    final ByteBuffer page;

    /** Null if there is no backing file. */
    final ReadBuffer readBuffer;

    final int stripe;

    /**
     * How long a record may wait for room in the backing file's memory, in nanoseconds; above 0 for the one who has the
     * turn of {@link RoomSearch}.
     */
    long patience;

    /** Whether the last record was not taken by the backing file for a reason that will pass. */
    boolean isFileBusy;

    /** Whether the last record found no memory for the page of the map in which its slot's word lies. */
    boolean isMapShort;

    private final Arena arena = Arena.ofShared();
    private final Codecs codecs = new Codecs();
    private final Activity activity;

    /** See {@link Activity}. */
    private volatile long operations;

    Workspace(int stripe, ReadBuffer readBuffer, FileSeal fileSeal, Activity activity) {
        this.stripe = stripe;
        this.readBuffer = readBuffer;
        this.activity = activity;
        this.record = new RecordBuffer(fileSeal, arena);
        this.page = arena.allocate(PageStore.SLOT_BYTES, Long.BYTES).asByteBuffer();
        activity.add(this);
    }

    /** An operation begins: seen by all before anything that it does. */
    void begin() {
        operations = (long) OPERATIONS.get(this) + 1;
    }

    /** An operation ends: what it did is seen by all who see this. */
    void end() {
        OPERATIONS.setRelease(this, (long) OPERATIONS.get(this) + 1);
    }

    long operations() {
        return operations;
    }

    /** Takes the memory that the first page would take for a codec, by a page of nobody's. */
    void prepare(CodecSpec codec) {
        encode(0, page, 0, codec, PageStore.SLOT_BYTES);
    }

    /** Makes {@link #record} that of a page: compressed, or raw if that takes more than {@code cutoff} bytes. */
    void encode(long slot, ByteBuffer page, int at, CodecSpec wanted, int cutoff) {
        Codec codec = codecs.of(wanted);
        int length = codec.compress(page, at, record.buffer, Record.HEADER_BYTES);
        if (length <= cutoff) {
            record.seal(slot, codec.id(), length);
        } else {
            record.buffer.put(Record.HEADER_BYTES, page, at, PageStore.SLOT_BYTES);
            record.seal(slot, Codec.RAW, PageStore.SLOT_BYTES);
        }
    }

    /** Makes {@link #record} that of a page filled with a value that does not fit in a slot word. */
    void encodeFill(long slot, long value) {
        SameFilled.setValue(record.buffer, Record.HEADER_BYTES, value);
        record.seal(slot, Codec.FILL, Long.BYTES);
    }

    /** Makes the page of {@link #record}, if that is intact, and the one that the slot's word tells of. */
    boolean decode(long slot, long word, ByteBuffer into, int at) {
        return record.isIntact(slot, word)
                && codecs.decompress(record.codec(), record.buffer, Record.HEADER_BYTES, record.length(), into, at);
    }

    @Override
    public void close() {
        activity.remove(this);
        codecs.close();
        if (readBuffer != null) {
            readBuffer.close();
        }
        arena.close();
    }
}
