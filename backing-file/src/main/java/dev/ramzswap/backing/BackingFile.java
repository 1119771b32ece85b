package dev.ramzswap.backing;

import dev.ramzswap.closing.Closing;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Packed records of variable length in one plain file or block device: a log-structured store (Rosenblum and
 * Ousterhout, 1991) with a garbage collector, but without an index: the owner remembers the place of each record, and
 * tells what lives.
 *
 * <p>The device is divided into segments of {@value #SEGMENT_BYTES} bytes. Records are appended to an open segment in
 * one of {@value Staging#BUFFERS} staging buffers in memory; when it is full it is sealed, and a thread of its own
 * writes it, in one piece. A record's <b>place</b> is its byte offset on the device, a multiple of 8, from the
 * beginning: until its segment is written it is read from the buffer, afterwards from the device. A segment whose last
 * live record is freed is free as a whole; one that has few live records left is cleaned, when segments run low, by
 * appending those again. See {@link SegmentTable} for the states of a segment, {@link Staging} for those of a buffer,
 * {@link PageCipher} for the encryption.
 *
 * <p><b>Takeover.</b> All state that matters lies in memory of the caller: the table, the staging buffers and the key.
 * A daemon may be killed between any two instructions: a record is copied before its place is returned, a buffer is in
 * order before the table speaks of it, and a segment is on the device before the table says so. The next one calls
 * {@link #adopt} for each record that its own map knows, then {@link #adopted}. Nothing is preserved without those
 * memories: a fresh table makes a new key, also so that no nonce is ever used twice with one key.
 *
 * <p><b>Failures.</b> What cannot be written stays in its buffer, is read from there, and is tried again after 1, 2, 4
 * .. 60 s. New segments are tried at once; when all buffers are taken, {@link #append} returns {@link #FAILED}. What
 * cannot be read is {@link #IO_ERROR} for that record.
 *
 * <p><b>Threads.</b> Any number may append, read and free at once. No lock is held during input and output, and nothing
 * is allocated, except when something fails. A thread may read a record that another one frees: it gets bytes without
 * meaning, hence the owner keeps a checksum and looks at its map again after a mismatch.
 */
public final class BackingFile implements AutoCloseable {
    /** Done. */
    public static final int OK = 0;

    /** Nothing was done, since it would have to wait for the device. */
    public static final int WOULD_WAIT = -1;

    /** No segment is free: compact, or free records. */
    public static final int NO_ROOM = -2;

    /** The device is failing and all staging buffers are taken; or the backing file was closed. */
    public static final int FAILED = -3;

    /** The device could not read the record. */
    public static final int IO_ERROR = -4;

    /** A record lies in one segment. */
    public static final int SEGMENT_BYTES = 256 << 10;

    /** The longest record. */
    public static final int MAX_RECORD_BYTES = 8192;

    public static final int KEY_BYTES = 32;
    public static final long STAGING_BYTES = (long) Staging.BUFFERS * SEGMENT_BYTES;

    private final Arena arena = Arena.ofShared();
    private final BlockDevice device;
    private final boolean takenOver;
    private final Encryption encryption;
    private final long capacity;
    private final SegmentTable table;
    private final Staging staging;
    private final Flusher flusher;
    private final SegmentCleaner cleaner;
    private final RecordReader reader;
    private final long patienceNanos;
    private final AtomicBoolean isClosed = new AtomicBoolean();

    private BackingFile(BackingConfig config, BlockDevice device, Delays delays) throws IOException {
        this.device = device;
        this.patienceNanos = delays.patience();
        this.takenOver = !SegmentTable.isFresh(config.table());
        this.capacity = Devices.capacityOf(config);
        MemorySegment words = config.table().asSlice(0, BackingSize.tableBytes(capacity));
        boolean isAnyEncrypted = config.encrypt() || SegmentTable.isAnyEncrypted(words);
        this.encryption = new Encryption(config.key(), config.encrypt(), isAnyEncrypted, arena);
        this.table = new SegmentTable(words, (int) (capacity / SEGMENT_BYTES), arena);
        this.staging = new Staging(config.staging(), table, config.encrypt(), delays);
        this.flusher = new Flusher(device, table, staging, new SegmentWriter(device, encryption.cipher(), scratch()));
        MemorySegment scratch = scratch();
        SegmentWriter rescuer = new SegmentWriter(device, encryption.cipher(), scratch);
        Rescue rescue = new Rescue(table, staging, rescuer, isAnyEncrypted);
        this.cleaner = new SegmentCleaner(
                device, table, staging, encryption.cipher(), rescue, scratch, this::appendMoved, delays, arena);
        this.reader = new RecordReader(device, table, staging.buffers, delays.unreadable());
        if (!takenOver) {
            adopted();
        }
    }

    /**
     * Opens the device, locks it for this process, reserves a plain file, and takes over what an earlier daemon left in
     * the memories of {@code config}. What an earlier daemon had begun is opened though it cannot serve, so far as it
     * can be read; nothing is written to it then. If its disk does not answer, only those wait for that who need it.
     *
     * @throws IOException with a message for the user, if the file or device cannot serve: no room, not writable, in
     *     use, neither file nor device
     */
    public static BackingFile open(BackingConfig config) throws IOException {
        return open(config, Devices::open, Delays.STANDARD);
    }

    /** Opens over any device, which is closed with it. */
    static BackingFile open(BackingConfig config, Devices.Opener opener, Delays delays) throws IOException {
        // First: the label of the device says whose it is. Who was killed before he had begun it may have left his.
        if (config.claim() == BackingConfig.Claim.ANY || !Ciphers.isKey(config.key())) {
            Ciphers.makeKey(config.key());
        }
        BlockDevice device = opener.open(config);
        try {
            return new BackingFile(config, device, delays);
        } catch (Throwable e) {
            Closing.after(e, device::undoOpening);
            Closing.after(e, device);
            throw e;
        }
    }

    /**
     * Whether an earlier daemon's records are to be adopted before anything is appended, freed or cleaned; they can be
     * read at once.
     */
    public boolean takenOver() {
        return takenOver;
    }

    /**
     * Says, after a takeover, that a record is live. Each one once.
     *
     * @return false if there can be no such record: the owner's map is damaged there
     */
    public boolean adopt(long place, int length) {
        int segment = Places.segment(place);
        if (!isValid(place, length) || SegmentWord.state(table.word(segment)) == SegmentWord.FREE) {
            return false;
        }
        table.addLive(segment, Places.padded(length));
        if (table.isStaged(segment)) {
            staging.adopt(segment, Places.offset(place) + Places.padded(length));
        }
        return true;
    }

    /**
     * Puts other bytes in place of a record's first ones, if it lies in memory; after it was adopted, before all are.
     */
    public void patch(long place, MemorySegment from, int length) {
        if (isValid(place, length)) {
            staging.buffers.patch(Places.segment(place), Places.offset(place), from, length);
        }
    }

    /** Ends the takeover: what was not adopted is free. To be called once, and not after a fresh start. */
    public void adopted() {
        table.freeDead();
        staging.start();
        flusher.start();
    }

    /** Whether anything can ever be written to it, as far as that is known; else it is what is left of one. */
    public boolean isWritable() {
        return device.isWritable();
    }

    /** Whether its device has answered yet: one that does not is taken for writable. */
    public boolean isOpen() {
        return device.isOpen();
    }

    /** Whether what is appended from now on is encrypted. */
    public boolean isEncrypting() {
        return encryption.encrypting();
    }

    /**
     * Tags records of up to so many bytes by the key, so that a change on the device is noticed, whoever made it. Null
     * if nothing is encrypted: there is no secret then.
     */
    public RecordTag recordTag(int maxBytes) {
        return encryption.recordTag(maxBytes);
    }

    /**
     * A number that no other backing file has, but by one chance in 2^32, and that is no secret: in the checksum of a
     * record it says that this lies in its own file.
     */
    public int owner() {
        return encryption.owner();
    }

    /** What a thread needs to {@link #read}; it should have one for good. */
    public ReadBuffer readBuffer() {
        return new ReadBuffer(device, encryption.cipher());
    }

    /**
     * Appends a record.
     *
     * @param length 1 to {@value #MAX_RECORD_BYTES}
     * @param nanos how long to wait, if all staging buffers wait to be written and the device works
     * @return its place, or {@link #NO_ROOM}, {@link #FAILED} or {@link #WOULD_WAIT}
     */
    public long append(MemorySegment from, long offset, int length, long nanos) {
        return staging.append(staging.lanes.stores, from, offset, length, nanos);
    }

    /**
     * Like {@link #append}, for cleaning: to segments of their own, and out of the reserve that stores leave to it.
     * Never waits.
     */
    long appendMoved(MemorySegment from, long offset, int length) {
        return staging.append(staging.lanes.moves, from, offset, length, 0);
    }

    /** Reads a record that lies in memory. {@link #OK}, or {@link #WOULD_WAIT} if it does not. */
    public int readNow(long place, int length, MemorySegment into, long offset) {
        return isValid(place, length) ? reader.readNow(place, length, into, offset) : WOULD_WAIT;
    }

    /**
     * Reads a record, from the device if it must. {@link #OK} or {@link #IO_ERROR}.
     *
     * @param buffer of the calling thread
     */
    public int read(long place, int length, MemorySegment into, long offset, ReadBuffer buffer) {
        return isValid(place, length) ? reader.read(place, length, into, offset, buffer) : IO_ERROR;
    }

    /**
     * A number that stands for what is in the segment of a place: while it is the same, so is each record there. Any
     * place; no other content of the segment ever has it again.
     */
    public long contentAt(long place) {
        return isValid(place, 1) ? table.word(Places.segment(place)) : 0;
    }

    /** Says that a record is dead. Once for each record; never waits. Where there can be none, it does nothing. */
    public void free(long place, int length) {
        if (isValid(place, length)) {
            table.removeLive(Places.segment(place), Places.padded(length));
        }
    }

    /** Whether free segments run low, or one cannot be written, so that {@link #clean} should be called. */
    public boolean cleaningDue() {
        return cleaner.due();
    }

    /**
     * Moves the live records out of one of the segments that have the fewest, if segments run low and at most nine
     * tenths of it are live, or out of one that cannot be written. Waits for the device; one thread at a time, others
     * wait.
     *
     * @return what came of it. After {@link #NO_ROOM}, {@link Cleaning#CLEAN} is reason to give up, if nobody appends,
     *     frees or moves records meanwhile, and the device is not failing
     */
    public Cleaning clean(Mover mover) {
        return cleaner.clean(mover);
    }

    public long segments() {
        return table.count();
    }

    public long freeSegments() {
        return table.free();
    }

    /** Bytes of live records, padding included; looks at every segment. */
    public long liveBytes() {
        return table.liveBytes();
    }

    /** Records read from the device, or tried to. */
    public long reads() {
        return reader.reads();
    }

    /** Segments written. */
    public long writes() {
        return flusher.writes();
    }

    /** Records and, for cleaning, segments that could not be read. */
    public long readErrors() {
        return reader.errors() + cleaner.errors();
    }

    /** Writes that failed. */
    public long writeErrors() {
        return flusher.errors();
    }

    /** For how many nanoseconds a device that fails is believed to come back soon. */
    public long patienceNanos() {
        return patienceNanos;
    }

    /** Whether no write has succeeded since one failed, but none has failed either that began after the patience. */
    public boolean failsForAMoment() {
        long failing = device.isWritable() ? staging.failingNanos() : 0;
        return failing > 0 && failing < patienceNanos;
    }

    /** Whether the last write has failed, or there is a segment whose writing has failed and not yet succeeded. */
    public boolean failing() {
        return staging.failing();
    }

    /**
     * Stops writing and closes the device. What is staged stays in its memory, for a takeover. Nothing may read or
     * clean meanwhile; appends that wait return {@link #FAILED}. The second time it does nothing.
     */
    @Override
    public void close() throws IOException {
        if (isClosed.getAndSet(true)) {
            return;
        }
        staging.close();
        flusher.close();
        cleaner.close();
        encryption.forgetKey();
        try (arena) {
            device.close();
        }
    }

    /** Closes it as if it had not been opened: a file that was made for it is gone. For who has stored nothing. */
    public void abandon() throws IOException {
        try (BackingFile _ = this) {
            device.undoOpening();
        }
    }

    private boolean isValid(long place, int length) {
        return place < capacity && Places.isOfRecord(place, length);
    }

    private MemorySegment scratch() {
        return arena.allocate(SEGMENT_BYTES, BlockDevice.ALIGNMENT);
    }
}
