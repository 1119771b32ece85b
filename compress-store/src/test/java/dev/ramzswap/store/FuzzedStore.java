package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * A store whose background work is done step by step, by the same thread or by another, and a plain map of what its
 * slots must hold. Slots are also freed as the kernel does, by bits that the pool's keeper looks at. A page may be lost
 * once the test says that the backing file is damaged; other bytes than those stored may never be loaded. The
 * {@link Invariants} are checked after each call, unless another thread is at work.
 */
final class FuzzedStore implements AutoCloseable {
    private static final int PAGES = 256;
    private static final ByteBuffer[] PAGE = new ByteBuffer[PAGES];
    private static final VarHandle BITS = ValueLayout.JAVA_LONG.varHandle();
    private static final long NAME_OF_BITS = 1;
    private static final String[] CODECS = {"lz4", "zstd:1", "zstd:3"};

    /** More than compaction and spilling of all that there is take. */
    private static final int MOST_LOOKS = 1000;

    static {
        for (int number = 0; number < PAGES; number++) {
            PAGE[number] = Pages.page(number);
        }
    }

    private final StoreConfig config;
    private final StoreFiles.BackingOpener opener;
    private boolean mayLose;

    /** Whether stores may be refused, with overcommit. */
    private volatile boolean isLimited;

    private volatile boolean isShared;
    private final Map<Integer, ByteBuffer> model = new HashMap<>();
    private final MemorySegment bits;

    /** Slots that were freed by their bits and not stored into since, and what they held then. */
    private final Map<Integer, ByteBuffer> freed = new HashMap<>();

    /** Those of them into which a store was refused: it may have cleared the bit. */
    private final Set<Integer> refused = new HashSet<>();

    private final ByteBuffer out = Pages.buffer();
    private final ByteBuffer zeroes = Pages.buffer();
    private PageStore store;
    private StoreFiles files;
    private Workspace work;
    private Keeper keeper;
    private int operations;

    FuzzedStore(StoreConfig config, StoreFiles.BackingOpener opener) throws IOException {
        this.config = config;
        this.opener = opener;
        this.isLimited = config.limit() != StoreConfig.NO_LIMIT;
        this.bits = Arena.ofAuto().allocate(Math.ceilDiv(config.slots(), Long.SIZE) * Long.BYTES, Long.BYTES);
        open();
        assertTrue(store.freed().begin(bits, NAME_OF_BITS));
    }

    private void open() throws IOException {
        files = StoreFiles.open(config, opener);
        store = PageStore.open(config, files);
        store.stopBackgroundWork();
        keeper = store.keeper();
        work = store.workspace();
        check("opened");
    }

    private void check(String what) {
        if (!isShared) {
            Invariants.check(files.parts(), what + " after " + operations++ + " operations");
        }
    }

    /** Whether another thread uses the store, too. */
    void share(boolean isShared) {
        this.isShared = isShared;
        check("shared");
    }

    /** From now on loads may say that a page is lost. */
    void mayLose() {
        mayLose = true;
    }

    private int slot(long number) {
        return (int) (number % config.slots());
    }

    /** Stores one of 256 pages, of every kind, in each slot of a range. */
    void store(int first, int count, int page) {
        for (int i = 0; i < count; i++) {
            int slot = slot(first + i);
            ByteBuffer content = PAGE[(page + i) % PAGES];
            int status = store.storeNow(slot, content, 0, work);
            if (isDone(status, isFull(status))) {
                model.put(slot, content);
                forget(slot);
            } else if (freed.containsKey(slot)) {
                refused.add(slot);
            }
        }
        check("store");
    }

    /** Drops every slot of a range, or every second, third .. of a longer one. */
    void invalidate(int first, int count, int stride) {
        for (int i = 0; i < count; i++) {
            int slot = slot(first + (long) i * stride);
            store.invalidate(slot, work);
            model.remove(slot);
            forget(slot);
        }
        check("invalidate");
    }

    /** Sets the bit of every slot of a range, or of every second, third .. of a longer one. */
    void free(int first, int count, int stride) {
        for (int i = 0; i < count; i++) {
            int slot = slot(first + (long) i * stride);
            if (!freed.containsKey(slot)) {
                ByteBuffer held = model.remove(slot);
                freed.put(slot, held == null ? zeroes : held);
            }
            refused.remove(slot);
            long _ = (long) BITS.getAndBitwiseOr(bits, (long) slot / Long.SIZE * Long.BYTES, 1L << slot);
        }
        check("free");
    }

    private void forget(int slot) {
        freed.remove(slot);
        refused.remove(slot);
    }

    /** Replaces a part of a slot by that of a page, unless the slot is freed. */
    void patch(int number, int begin, int length, int page) {
        int slot = slot(number);
        if (freed.containsKey(slot)) {
            return;
        }
        int end = Math.min(begin % PageStore.SLOT_BYTES + length, PageStore.SLOT_BYTES);
        int from = begin % PageStore.SLOT_BYTES;
        ByteBuffer content = PAGE[page % PAGES];
        int status = store.patch(slot, from, end - from, content, 0, work);
        if (isDone(status, mayLose || isFull(status))) {
            ByteBuffer patched = Pages.buffer();
            patched.put(0, model.getOrDefault(slot, zeroes), 0, PageStore.SLOT_BYTES);
            patched.put(from, content, 0, end - from);
            model.put(slot, patched);
        }
        check("patch");
    }

    void load(int first, int count) {
        for (int i = 0; i < count; i++) {
            int slot = slot(first + i);
            if (isDone(store.load(slot, out, 0, work), mayLose)) {
                assertTrue(mayHoldWhatWasLoaded(slot), "slot " + slot + " holds other bytes");
            }
        }
        check("load");
    }

    private boolean mayHoldWhatWasLoaded(int slot) {
        ByteBuffer held = freed.get(slot);
        return Pages.equal(model.getOrDefault(slot, zeroes), out) || held != null && Pages.equal(held, out);
    }

    void setCodec(int number) {
        store.setCodec(CodecSpec.parse(CODECS[number % CODECS.length]));
    }

    /** One look of the pool's keeper. */
    void keepPool() throws IOException {
        keeper.keepPool();
        check("keepPool");
        checkSwept();
    }

    private void checkSwept() {
        if (!isShared) {
            for (int slot : freed.keySet()) {
                assertTrue(refused.contains(slot) || isHole(slot), () -> "slot " + slot + " is freed, and not dropped");
            }
        }
    }

    private boolean isHole(int slot) {
        return files.parts().map().get(slot) == Slot.HOLE;
    }

    /** One look of the backing file's keeper. */
    void keepFile() {
        keeper.keepFile();
        check("keepFile");
    }

    /** One look of the pool's keeper for the last page that may fit. */
    void gather() throws IOException {
        keeper.setScarce(true);
        keeper.keepPool();
        keeper.setScarce(false);
        check("gather");
    }

    /** Memory for so many regions, or for any number of them if they are more than there can be. */
    void setLimit(int regions) {
        boolean isNone = regions > Pool.bytes(config.slots()) >> Region.SHIFT;
        isLimited |= !isNone;
        store.setLimit(isNone ? StoreConfig.NO_LIMIT : TestConfig.limitOf(config.slots(), regions));
        check("setLimit");
    }

    /** Looks until there is nothing to do: memory is within the limit then, if what is live fits. */
    void checkProgress() throws IOException {
        int looks = 0;
        while (look() != Look.NOTHING && looks < MOST_LOOKS) {
            looks++;
        }
        RegionBudget budget = files.parts().regions().budget();
        String what = budget.used() + " regions of " + budget.regions() + ", live " + budget.liveBytes() + ", after "
                + looks + " looks and " + operations + " operations";
        assertTrue(!fits(budget) || store.counters().memoryUsed() <= store.limit(), what);
        check("progress");
    }

    private Look look() throws IOException {
        Look look = keeper.keepPool();
        if (files.parts().file() != null) {
            look = look.and(keeper.keepFile());
        }
        return files.parts().regionMemory().adjust() ? Look.GAINED : look;
    }

    /** See {@link RegionBudget#mustSpill}; or all fits the backing file, though half of each segment be empty. */
    private boolean fits(RegionBudget budget) {
        long mostInPool =
                (long) Math.max(budget.regions() - RegionBudget.COMPACTION_RESERVE, 0) * Region.BYTES / 16 * 15;
        BackingFile file = files.parts().file();
        return budget.liveBytes() <= mostInPool
                || file != null
                        && !mayLose
                        && budget.liveBytes() + file.liveBytes()
                                <= config.backing().get().bytes() / 2;
    }

    /** Ends it, and lets another one take over its files. */
    void reopen() throws IOException {
        close();
        open();
        assertTrue(store.freed().takeOver(bits, NAME_OF_BITS));
    }

    /** All that is there, within the limit, and that nothing is left when all of it is dropped. */
    void checkAll() throws IOException {
        checkProgress();
        checkSwept();
        load(0, (int) config.slots());
        long kept = refused.stream().filter(slot -> !isHole(slot)).count();
        assertEquals(
                (model.size() + kept) * PageStore.SLOT_BYTES,
                files.parts().counters().get(Counter.ORIG_DATA_SIZE));
        invalidate(0, (int) config.slots(), 1);
        assertEquals(0, files.parts().counters().get(Counter.COMPR_DATA_SIZE));
        assertEquals(0, files.parts().regions().budget().liveBytes(), "bytes leaked in the pool");
        BackingFile backing = files.parts().file();
        assertEquals(0, backing == null ? 0 : backing.liveBytes(), "bytes leaked in the file");
        checkProgress();
    }

    private boolean isFull(int status) {
        return isLimited && config.overcommit() && (status == StoreStatus.WOULD_WAIT || status == StoreStatus.NO_SPACE);
    }

    private static boolean isDone(int status, boolean mayFail) {
        assertTrue(status == StoreStatus.OK || mayFail, () -> "status " + status);
        return status == StoreStatus.OK;
    }

    @Override
    public void close() {
        work.close();
        store.close();
    }
}
