package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.ReadBuffer;
import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A compressed store of pages, addressed by slot: frontswap's operations over RAM and a backing file.
 *
 * <pre>
 *   store:  page -> same-filled? -> codec -> record -> pool, or else backing file -> slot map -> old copy is freed
 *   load:   slot map -> record from pool or backing file -> checksum -> codec -> page
 * </pre>
 *
 * <p>A store writes the new copy, publishes it by one atomic exchange of the slot's word ({@link Slot}), and then frees
 * the old copy. So a page is found whole at every moment, also by a daemon that takes over after this one was killed. A
 * load copies the record out and then looks whether the word is still the same, and the checksum right; if not, it was
 * overtaken by a store, and starts again. Nobody waits for anybody on the way of a page but for the pool's short lock;
 * only who finds no room waits, for his turn to search ({@link RoomSearch}).
 *
 * <p>Any number of threads may use a store, each with a {@link Workspace} of its own. Operations on one slot are
 * linearizable. What they return is in {@link StoreStatus}. Pages are {@link #SLOT_BYTES} long, in direct buffers whose
 * position and limit do not matter. A slot that the store does not have is an {@link IndexOutOfBoundsException}.
 */
public final class PageStore implements AutoCloseable {
    public static final int SLOT_BYTES = 4096;

    /** The largest device: with the room that compaction works in, its pool ends below {@link Slot#MAX_PLACE}. */
    public static final long MOST_BYTES = 7L << 40;

    /** {@link #extent}: never stored, or invalidated; reads as zeroes. */
    public static final int HOLE = 0;

    /** {@link #extent}: stored, and all zeroes. */
    public static final int ZERO = 1;

    /** {@link #extent}: stored, and not all zeroes. */
    public static final int DATA = 2;

    private final StoreFiles files;
    private final long slots;
    private final SlotMap map;
    private final BackingFile file;
    private final Counters counters;
    private final Ownership ownership;
    private final Activity activity = new Activity();
    private final FreedWatch freed;
    private final Keeper keeper;
    private final Tunables tunables;
    private final Writer writer;
    private final Loader loader;
    private final AtomicInteger workspaces = new AtomicInteger();

    private PageStore(StoreConfig config, StoreFiles files) {
        Parts parts = files.parts();
        Fullness fullness = new Fullness();
        this.files = files;
        this.slots = config.slots();
        this.map = parts.map();
        this.file = parts.file();
        this.counters = parts.counters();
        this.ownership = new Ownership(parts, fullness);
        FreedSlots freedSlots = new FreedSlots(slots);
        this.freed = new FreedWatch(freedSlots, activity, counters);
        this.keeper = new Keeper(config.name(), parts, ownership, freedSlots, fullness, activity);
        this.tunables = new Tunables(new Limit(config, files::backingBytes, parts), counters, keeper);
        RoomSearch search = new RoomSearch(keeper, activity, fullness);
        Placer placer = new Placer(parts, fullness, keeper, search, config.cutoff());
        Fetcher fetcher = new Fetcher(parts);
        this.writer = new Writer(parts, ownership, freedSlots, search, placer, fetcher);
        this.loader = new Loader(parts, ownership, placer, fetcher);
    }

    /**
     * Makes a store, or takes over the one in the state directory.
     *
     * @throws IllegalArgumentException with a message for the user, if the configuration is impossible
     * @throws IOException with a message for the user, if memory, state or backing file cannot be had
     */
    public static PageStore open(StoreConfig config) throws IOException {
        return open(config, OptionalLong.empty());
    }

    /**
     * The same. What it takes over keeps the limit and the codec that it has, whoever has set them, but for the one
     * that is configured otherwise than before.
     *
     * @param known what the state said when this configuration was read, {@link Counters.Snapshot#timesConfigured}: one
     *     that was read later goes before it. Empty if that is now
     */
    public static PageStore open(StoreConfig config, OptionalLong known) throws IOException {
        return open(config, known, StoreFiles.open(config, BackingFile::open));
    }

    static PageStore open(StoreConfig config, StoreFiles files) throws IOException {
        return open(config, OptionalLong.empty(), files);
    }

    static PageStore open(StoreConfig config, OptionalLong known, StoreFiles files) throws IOException {
        try {
            PageStore store = prepare(config, known, files);
            store.keeper.start();
            return store;
        } catch (Throwable e) { // An Error, too: that no thread is to be had is one.
            files.abandon(e);
            throw e;
        }
    }

    /** One that does nothing by itself until its keeper is started. */
    private static PageStore prepare(StoreConfig config, OptionalLong known, StoreFiles files) throws IOException {
        PageStore store = new PageStore(config, files);
        long limitBefore = store.counters.head().limitThatHolds();
        Tuning tuning = store.tunables.tell(config, known);
        if (files.isTakenOver()) {
            new Recovery(files.parts()).run();
            store.tunables.takeOver(tuning, limitBefore);
        } else {
            store.tunables.begin(tuning);
        }
        files.populate();
        return store;
    }

    /** Bytes of memory that a store of so many slots always takes, pages or not. */
    public static long mapBytes(long slots) {
        return SlotMap.bytes(slots);
    }

    /** The same with all tables, which one that keeps memory ahead takes at its start. */
    public static long tableBytes(long slots) {
        return Limit.tableBytes(slots);
    }

    /** Scratch memory, codec contexts and buffers for one calling thread. Close it when the thread ends. */
    public Workspace workspace() {
        ReadBuffer readBuffer = file == null ? null : file.readBuffer();
        Workspace work = new Workspace(
                workspaces.getAndIncrement(), readBuffer, files.parts().fileSeal(), activity);
        work.prepare(codec());
        return work;
    }

    public long slots() {
        return slots;
    }

    /** Whether it has begun with what an earlier one had left in the state directory. */
    public boolean isTakenOver() {
        return files.isTakenOver();
    }

    /** Stores a page; waits for room if it must. OK or NO_SPACE. */
    public int store(long slot, ByteBuffer from, int at, Workspace work) {
        return writer.write(checked(slot), 0, SLOT_BYTES, from, at, codec(), work);
    }

    /** Like {@link #store}, but returns WOULD_WAIT, with nothing done, where that would wait. */
    public int storeNow(long slot, ByteBuffer from, int at, Workspace work) {
        return writer.writeNow(checked(slot), 0, SLOT_BYTES, from, at, codec(), work);
    }

    /**
     * Replaces a part of a slot, atomically against every other operation on it; waits for room, for the backing file,
     * or for another partial write of the slot, if it must. OK, NO_SPACE or IO_ERROR.
     *
     * @throws IndexOutOfBoundsException if it is no part of a slot, or not in {@code from}
     */
    public int patch(long slot, int begin, int length, ByteBuffer from, int at, Workspace work) {
        Objects.checkFromIndexSize(begin, length, SLOT_BYTES);
        Objects.checkFromIndexSize(at, length, from.capacity());
        return writer.write(checked(slot), begin, length, from, at, codec(), work);
    }

    /** Zeroes a part of a slot, like {@link #patch}. */
    public int erase(long slot, int begin, int length, Workspace work) {
        Objects.checkFromIndexSize(begin, length, SLOT_BYTES);
        return writer.write(checked(slot), begin, length, Fetcher.ZEROES, 0, codec(), work);
    }

    /** Loads a page; waits for the backing file if it must, and takes the page back to the pool if that has room. */
    public int load(long slot, ByteBuffer into, int at, Workspace work) {
        return loader.load(checked(slot), into, at, work);
    }

    /** Like {@link #load}, but returns WOULD_WAIT where that would wait. */
    public int loadNow(long slot, ByteBuffer into, int at, Workspace work) {
        return loader.loadNow(checked(slot), into, at, work);
    }

    /** Drops a slot: it reads as zeroes from now on. Never waits. */
    public void invalidate(long slot, Workspace work) {
        if (map.get(checked(slot)) == Slot.HOLE) {
            return;
        }
        work.begin();
        try {
            ownership.publish(slot, Slot.HOLE, work.stripe);
            counters.add(Counter.INVALIDATES, work.stripe, 1);
        } finally {
            work.end();
        }
    }

    /** Drops all slots. */
    public void invalidateArea(Workspace work) {
        for (long slot = map.nextUsed(0); slot < slots; slot = map.nextUsed(slot + 1)) {
            invalidate(slot, work);
        }
    }

    /** By which whoever sees slots freed behind the store's back has them dropped. */
    public FreedWatch freed() {
        return freed;
    }

    /** {@link #HOLE}, {@link #ZERO} or {@link #DATA}. */
    public int extent(long slot) {
        long word = map.get(checked(slot));
        return switch (Slot.kind(word)) {
            case Slot.KIND_HOLE -> HOLE;
            case Slot.KIND_FILL -> Slot.fillValue(word) == 0 ? ZERO : DATA;
            default -> DATA;
        };
    }

    /** The map's last page has words behind the last slot, which would do for one. */
    private long checked(long slot) {
        return Objects.checkIndex(slot, slots);
    }

    public long limit() {
        return tunables.limit();
    }

    /**
     * Changes the limit; pages are spilled in the background until it fits (watch {@code mem_used_total}).
     *
     * @param bytes resident bytes, map included; {@link StoreConfig#NO_LIMIT} for as much as the slots can need
     * @throws IllegalArgumentException with a message for the user, if limit and backing file could not hold the slots
     *     in the worst case
     */
    public void setLimit(long bytes) {
        tunables.setLimit(bytes);
    }

    public CodecSpec codec() {
        return tunables.codec();
    }

    /** Compresses pages stored from now on with another codec; pages stored before keep theirs. */
    public void setCodec(CodecSpec codec) {
        tunables.setCodec(codec);
    }

    /** By which a configuration that was read anew changes both. */
    public Tunables tunables() {
        return tunables;
    }

    public Counters counters() {
        return counters;
    }

    Keeper keeper() {
        return keeper;
    }

    /** Ends what changes counters and places by itself. */
    void stopBackgroundWork() {
        keeper.stop();
    }

    /**
     * Ends the store and removes its files from the state directory. Nobody may use it any more.
     *
     * @throws IOException if one of them cannot be removed
     */
    public void discard() throws IOException {
        keeper.close();
        try {
            files.remove();
        } finally {
            files.close();
        }
    }

    /**
     * Ends a store that nobody has used yet, since something else has failed. What it has made, in the state directory
     * and of the backing file, is gone; what it has taken over stays.
     *
     * @param failure gets what goes wrong here
     */
    public void abandon(Throwable failure) {
        keeper.close();
        files.abandon(failure);
    }

    /** Ends the background work and unmaps the memory, which nobody may use any more. State files stay. */
    @Override
    public void close() {
        keeper.close();
        files.close();
    }
}
