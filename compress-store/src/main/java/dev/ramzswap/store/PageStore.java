package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.ReadBuffer;
import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

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
 * overtaken by a store, and starts again. Nobody waits for anybody on the way of a page but for the pool's short lock.
 *
 * <p>Any number of threads may use a store, each with a {@link Workspace} of its own. Operations on one slot are
 * linearizable. What they return is in {@link StoreStatus}. Pages are {@link #SLOT_BYTES} long, in direct buffers whose
 * position and limit do not matter.
 */
public final class PageStore implements AutoCloseable {
    public static final int SLOT_BYTES = 4096;

    /** {@link #extent}: never stored, or invalidated; reads as zeroes. */
    public static final int HOLE = 0;

    /** {@link #extent}: stored, and all zeroes. */
    public static final int ZERO = 1;

    /** {@link #extent}: stored, and not all zeroes. */
    public static final int DATA = 2;

    private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(SLOT_BYTES);

    /** How often a load tries again before it believes that an unchanged word's record is damaged. */
    private static final int MAX_MISMATCHES = 3;

    /** How often the keeper must have found nothing to do before a store believes that there is no room. */
    private static final int MAX_FRUITLESS = 3;

    /** How long a store waits for one look of the keeper, which may wait for slow storage. */
    private static final long KEEPER_NANOS = 60_000_000_000L;

    /**
     * How long a store waits for one look of the populator. If the kernel has no memory, that has no end; the kernel
     * may even wait for the answer to this very store.
     */
    private static final long POPULATOR_NANOS = 200_000_000;

    private static final long PIN_RETRY_NANOS = 20_000;

    private final StoreFiles files;
    private final long slots;
    private final int cutoff;
    private final SlotMap map;
    private final Regions regions;
    private final Pool pool;
    private final BackingFile file;
    private final Counters counters;
    private final Copies copies;
    private final Limit limit;
    private final Fullness fullness = new Fullness();
    private final Spiller spiller;
    private final Compactor compactor;
    /** Keeps room in the pool and in the backing file ahead of the stores: spills and compacts. */
    private final BackgroundLoop keeper;

    /** Keeps populated memory ahead of the stores. */
    private final BackgroundLoop populator;

    private final AtomicInteger workspaces = new AtomicInteger();
    private volatile CodecSpec codec;

    private PageStore(StoreConfig config, StoreFiles files) {
        this.files = files;
        this.slots = config.slots();
        this.cutoff = config.cutoff();
        this.map = files.map();
        this.regions = files.regions();
        this.pool = files.pool();
        this.file = files.backing();
        this.counters = files.counters();
        this.copies = new Copies(map, pool, file, counters, fullness);
        this.limit = new Limit(config, files.backingBytes(), regions, counters);
        this.spiller = new Spiller(slots, map, regions, pool, file, copies, counters);
        this.compactor = new Compactor(slots, map, regions, pool, file, copies);
        this.keeper = new BackgroundLoop("keeper-" + config.name(), this::makeRoom);
        this.populator =
                new BackgroundLoop("populator-" + config.name(), () -> regions.depopulate() || regions.populate());
        setCodec(config.codec());
    }

    /**
     * Makes a store, or takes over the one in the state directory.
     *
     * @throws IllegalArgumentException with a message for the user, if the configuration is impossible
     * @throws IOException with a message for the user, if memory, state or backing file cannot be had
     */
    public static PageStore open(StoreConfig config) throws IOException {
        return open(config, StoreFiles.open(config, BackingFile::open));
    }

    /** Bytes of memory that a store of so many slots always takes, pages or not. */
    public static long mapBytes(long slots) {
        return SlotMap.bytes(slots);
    }

    /** Makes a state directory, for its owner only, if it is missing. */
    public static Path makeStateDir(Path directory) throws IOException {
        return StoreFiles.makeDirectory(directory);
    }

    /**
     * Waits until no process has the store's state in use; returns at once if the store has no state directory. What is
     * there must be of this version and size already.
     *
     * @param beforeWaiting is run if one has
     * @throws IOException with a message for the user, if the state directory or what is in it cannot be used
     */
    public static void awaitFree(StoreConfig config, Runnable beforeWaiting) throws IOException {
        StoreFiles.awaitFree(config, beforeWaiting);
    }

    static PageStore open(StoreConfig config, StoreFiles files) throws IOException {
        try {
            PageStore store = new PageStore(config, files);
            if (files.isTakenOver()) {
                new Recovery(store.slots, store.map, store.pool, store.file, store.copies).run();
            }
            store.limit.set(config.limit());
            files.populate();
            store.keeper.start();
            store.populator.start();
            return store;
        } catch (IOException | RuntimeException e) {
            files.close();
            throw e;
        }
    }

    /** Scratch memory, codec contexts and buffers for one calling thread. Close it when the thread ends. */
    public Workspace workspace() {
        ReadBuffer readBuffer = file == null ? null : file.readBuffer();
        return new Workspace(workspaces.getAndIncrement(), readBuffer);
    }

    public long slots() {
        return slots;
    }

    /** Whether it has begun with what an earlier one had left in the state directory. */
    public boolean isTakenOver() {
        return files.isTakenOver();
    }

    /** Stores a page; waits for the backing file if it must. OK or NO_SPACE. */
    public int store(long slot, ByteBuffer from, int at, Workspace work) {
        return publish(slot, place(slot, from, at, work), work);
    }

    /** Like {@link #store}, but returns WOULD_WAIT, with nothing done, where that would wait. */
    public int storeNow(long slot, ByteBuffer from, int at, Workspace work) {
        return publish(slot, placeNow(slot, from, at, work), work);
    }

    /** Loads a page; waits for the backing file if it must, and takes the page back to the pool if that has room. */
    public int load(long slot, ByteBuffer into, int at, Workspace work) {
        int status = loadNow(slot, into, at, work);
        while (status == StoreStatus.WOULD_WAIT) {
            long word = map.get(slot);
            if (Slot.kind(word) != Slot.KIND_FILE) {
                status = loadNow(slot, into, at, work);
                continue;
            }
            status = isPromotable(word) && copies.pin(slot, word)
                    ? fetchAndPromote(slot, word, into, at, work)
                    : fetch(slot, word, into, at, work);
            if (status == StoreStatus.OK) {
                return loaded(slot, word, work);
            }
            status = isOvertaken(slot, word) ? loadNow(slot, into, at, work) : failed(status, work);
        }
        return status;
    }

    /** Like {@link #load}, but returns WOULD_WAIT where that would wait. */
    public int loadNow(long slot, ByteBuffer into, int at, Workspace work) {
        int mismatches = 0;
        while (true) {
            long word = map.get(slot);
            int status = fetchNow(slot, word, into, at, work);
            if (status == StoreStatus.OK) {
                return loaded(slot, word, work);
            }
            if (status == StoreStatus.WOULD_WAIT) {
                return status;
            }
            if (!isOvertaken(slot, word) && ++mismatches == MAX_MISMATCHES) {
                return failed(status, work);
            }
        }
    }

    /**
     * Replaces a part of a slot, atomically against every other operation on it; waits for the backing file, or for
     * another partial write of the slot, if it must. OK, NO_SPACE or IO_ERROR.
     */
    public int patch(long slot, int begin, int length, ByteBuffer from, int at, Workspace work) {
        while (true) {
            long word = pin(slot);
            int status = fetch(slot, word, work.page, 0, work);
            if (status != StoreStatus.OK) {
                copies.unpin(slot, word);
                return failed(status, work);
            }
            work.page.put(begin, from, at, length);
            long patched = place(slot, work.page, 0, work);
            if (!Slot.isWord(patched)) {
                copies.unpin(slot, word);
                return unstored((int) patched, work);
            }
            if (copies.replace(slot, word, patched, work.stripe)) {
                return stored(patched, work);
            }
        }
    }

    /** Zeroes a part of a slot, like {@link #patch}. */
    public int erase(long slot, int begin, int length, Workspace work) {
        return patch(slot, begin, length, ZEROES, 0, work);
    }

    /** Drops a slot: it reads as zeroes from now on. Never waits. */
    public void invalidate(long slot, Workspace work) {
        if (map.get(slot) != Slot.HOLE) {
            copies.publish(slot, Slot.HOLE, work.stripe);
            counters.add(Counter.INVALIDATES, work.stripe, 1);
        }
    }

    /** Drops all slots. */
    public void invalidateArea(Workspace work) {
        for (long slot = 0; slot < slots; slot++) {
            invalidate(slot, work);
        }
    }

    /** {@link #HOLE}, {@link #ZERO} or {@link #DATA}. */
    public int extent(long slot) {
        long word = map.get(slot);
        return switch (Slot.kind(word)) {
            case Slot.KIND_HOLE -> HOLE;
            case Slot.KIND_FILL -> Slot.fillValue(word) == 0 ? ZERO : DATA;
            default -> DATA;
        };
    }

    public long limit() {
        return limit.get();
    }

    /**
     * Changes the limit; pages are spilled in the background until it fits (watch {@code mem_used_total}).
     *
     * @param bytes resident bytes, map included; {@link StoreConfig#NO_LIMIT} for as much as the slots can need
     * @throws IllegalArgumentException with a message for the user, if limit and backing file could not hold the slots
     *     in the worst case
     */
    public void setLimit(long bytes) {
        limit.set(bytes);
        fullness.roomMade();
        keeper.wake();
        populator.wake();
    }

    public CodecSpec codec() {
        return codec;
    }

    /** Compresses pages stored from now on with another codec; pages stored before keep theirs. */
    public void setCodec(CodecSpec codec) {
        this.codec = codec;
        counters.setCodec(codec);
    }

    public Counters counters() {
        return counters;
    }

    /** Ends what changes counters and places by itself. */
    void stopBackgroundWork() {
        keeper.close();
        populator.close();
    }

    /**
     * Ends the store and removes its files from the state directory. Nobody may use it any more.
     *
     * @throws IOException if one of them cannot be removed
     */
    public void discard() throws IOException {
        stopBackgroundWork();
        files.remove();
        files.close();
    }

    /** Ends the background work and unmaps the memory, which nobody may use any more. State files stay. */
    @Override
    public void close() {
        stopBackgroundWork();
        files.close();
    }

    /** Finds room for a page, waits for it if it must, and returns its word, or a status that is not OK. */
    private long place(long slot, ByteBuffer from, int at, Workspace work) {
        long word = placeNow(slot, from, at, work);
        int fruitless = 0;
        while (word == StoreStatus.WOULD_WAIT) {
            long place = file == null ? BackingFile.NO_ROOM : file.append(work.memory, 0, work.recordBytes());
            if (place >= 0) {
                return inFile(place, work);
            }
            boolean isFruitful = regions.isWaitingForMemory()
                    ? populator.awaitLook(POPULATOR_NANOS)
                    : keeper.awaitLook(KEEPER_NANOS);
            if (!isFruitful && ++fruitless >= MAX_FRUITLESS) {
                fullness.found();
            }
            word = placeRecordNow(work);
        }
        return word;
    }

    /** One look of the keeper. */
    private boolean makeRoom() throws IOException {
        boolean isMade = compactor.compactFile() | spiller.spill() | compactor.compactPool();
        if (isMade) {
            fullness.roomMade();
        }
        return isMade;
    }

    private long placeNow(long slot, ByteBuffer from, int at, Workspace work) {
        if (!map.makeResident(slot)) {
            return StoreStatus.NO_SPACE;
        }
        if (!SameFilled.test(from, at)) {
            work.encode(slot, from, at, codec, cutoff);
        } else {
            long value = SameFilled.value(from, at);
            long word = Slot.fill(slot, value);
            if (word != Slot.HOLE) {
                return word;
            }
            work.encodeFill(slot, value);
        }
        return placeRecordNow(work);
    }

    private long placeRecordNow(Workspace work) {
        boolean isLow = regions.isLow();
        if (isLow) {
            keeper.wake();
        }
        if (regions.isShortOfReady()) {
            populator.wake();
        }
        // An incompressible page gains nothing in RAM and would be the first to leave it.
        if (isLow && file != null && work.codec() == Codec.RAW) {
            long place = file.appendNow(work.memory, 0, work.recordBytes());
            if (place >= 0 || place == BackingFile.WOULD_WAIT) {
                return inFile(place, work);
            }
        }
        long place = pool.allocate(work.length());
        if (place != Pool.NONE) {
            return inPool(place, work);
        }
        if (file == null) {
            return unplaced();
        }
        return inFile(file.appendNow(work.memory, 0, work.recordBytes()), work);
    }

    private long inPool(long place, Workspace work) {
        Record.copy(work.memory, 0, pool.memory(), place, work.length());
        return Slot.inPool(work.codec(), work.length(), place);
    }

    /** A file that fails is like one that is full: what is left is RAM. */
    private long inFile(long place, Workspace work) {
        return place >= 0 ? Slot.inFile(work.codec(), work.length(), place) : unplaced();
    }

    private long unplaced() {
        return fullness.isFull() ? StoreStatus.NO_SPACE : StoreStatus.WOULD_WAIT;
    }

    private int publish(long slot, long word, Workspace work) {
        if (!Slot.isWord(word)) {
            return unstored((int) word, work);
        }
        copies.publish(slot, word, work.stripe);
        return stored(word, work);
    }

    private int unstored(int status, Workspace work) {
        if (status == StoreStatus.NO_SPACE) {
            counters.add(Counter.REFUSED_STORES, work.stripe, 1);
        }
        return status;
    }

    private int stored(long word, Workspace work) {
        if (Slot.kind(word) == Slot.KIND_FILE) {
            counters.add(Counter.FAILED_STORES, work.stripe, 1);
            counters.add(Counter.BD_WRITES, work.stripe, 1);
        } else {
            counters.add(Counter.SUCC_STORES, work.stripe, 1);
        }
        return StoreStatus.OK;
    }

    /** Makes the page that a word stands for; OK, WOULD_WAIT, or IO_ERROR where it is not intact. */
    private int fetchNow(long slot, long word, ByteBuffer into, int at, Workspace work) {
        switch (Slot.kind(word)) {
            case Slot.KIND_HOLE -> {
                into.put(at, ZEROES, 0, SLOT_BYTES);
                return StoreStatus.OK;
            }
            case Slot.KIND_FILL -> {
                SameFilled.fill(into, at, Slot.fillValue(word));
                return Slot.isFillIntact(slot, word) ? StoreStatus.OK : StoreStatus.IO_ERROR;
            }
            case Slot.KIND_POOL -> Record.copy(pool.memory(), Slot.place(word), work.memory, 0, Slot.length(word));
            default -> {
                if (file.readNow(Slot.place(word), recordBytes(word), work.memory, 0) != BackingFile.OK) {
                    return StoreStatus.WOULD_WAIT;
                }
            }
        }
        return decode(slot, word, into, at, work);
    }

    private int fetch(long slot, long word, ByteBuffer into, int at, Workspace work) {
        int status = fetchNow(slot, word, into, at, work);
        if (status != StoreStatus.WOULD_WAIT) {
            return status;
        }
        int read = file.read(Slot.place(word), recordBytes(word), work.memory, 0, work.readBuffer);
        return read == BackingFile.OK ? decode(slot, word, into, at, work) : StoreStatus.IO_ERROR;
    }

    private boolean isPromotable(long word) {
        return !Slot.isPinned(word) && regions.hasRoomToSpare();
    }

    /** Fetches a pinned word's page, and ends the pin with a copy in the pool. */
    private int fetchAndPromote(long slot, long word, ByteBuffer into, int at, Workspace work) {
        int status = fetch(slot, word, into, at, work);
        long place = status == StoreStatus.OK ? pool.allocate(work.length()) : Pool.NONE;
        if (place == Pool.NONE) {
            copies.unpin(slot, word);
        } else {
            copies.replace(slot, word, inPool(place, work), work.stripe);
        }
        return status;
    }

    private static int decode(long slot, long word, ByteBuffer into, int at, Workspace work) {
        boolean isIntact = work.isRecordOf(slot, word) && work.decode(into, at);
        return isIntact ? StoreStatus.OK : StoreStatus.IO_ERROR;
    }

    private static int recordBytes(long word) {
        return Record.HEADER_BYTES + Slot.length(word);
    }

    private boolean isOvertaken(long slot, long word) {
        return !Slot.sameCopy(word, map.get(slot));
    }

    private int loaded(long slot, long word, Workspace work) {
        if (word == Slot.HOLE) {
            return StoreStatus.OK;
        }
        counters.add(Counter.LOADS, work.stripe, 1);
        if (Slot.kind(word) == Slot.KIND_FILE) {
            counters.add(Counter.BD_READS, work.stripe, 1);
        }
        if (Slot.isRecord(word) && (word & (Slot.REFERENCED | Slot.PINNED)) == 0) {
            // If it fails, somebody else has a newer word, and this one's age is of no interest any more.
            map.compareAndSet(slot, word, word | Slot.REFERENCED);
        }
        return StoreStatus.OK;
    }

    private int failed(int status, Workspace work) {
        counters.add(Counter.IO_ERRORS, work.stripe, 1);
        return status;
    }

    /** Waits until nobody has the slot's record pinned, pins it, and returns its unpinned word. */
    private long pin(long slot) {
        while (true) {
            long word = map.get(slot);
            if (!Slot.isRecord(word) || !Slot.isPinned(word) && copies.pin(slot, word)) {
                return word;
            }
            // Another partial write of the slot may be reading the backing file.
            LockSupport.parkNanos(PIN_RETRY_NANOS);
        }
    }
}
