package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * A store whose background work is done step by step, by the same thread or by another, and a plain map of what its
 * slots must hold. A page may be lost once the test says that the backing file is damaged; other bytes than those
 * stored may never be loaded.
 */
final class FuzzedStore implements AutoCloseable {
    private static final int PAGES = 256;
    private static final ByteBuffer[] PAGE = new ByteBuffer[PAGES];
    private static final String[] CODECS = {"lz4", "zstd:1", "zstd:3"};

    static {
        for (int number = 0; number < PAGES; number++) {
            PAGE[number] = Pages.page(number);
        }
    }

    private final StoreConfig config;
    private final StoreFiles.BackingOpener opener;
    private boolean mayLose;
    private final Map<Integer, ByteBuffer> model = new HashMap<>();
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
        open();
    }

    private void open() throws IOException {
        files = StoreFiles.open(config, opener);
        store = PageStore.open(config, files);
        store.stopBackgroundWork();
        keeper = store.keeper();
        work = store.workspace();
        check("opened");
    }

    /** Nobody may be at work. */
    void check(String what) {
        Invariants.check(files.parts(), what + " after " + operations++ + " operations");
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
            }
        }
    }

    /** Drops every slot of a range, or every second, third .. of a longer one. */
    void invalidate(int first, int count, int stride) {
        for (int i = 0; i < count; i++) {
            int slot = slot(first + (long) i * stride);
            store.invalidate(slot, work);
            model.remove(slot);
        }
    }

    /** Replaces a part of a slot by that of a page. */
    void patch(int number, int begin, int length, int page) {
        int slot = slot(number);
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
    }

    void load(int first, int count) {
        for (int i = 0; i < count; i++) {
            int slot = slot(first + i);
            if (isDone(store.load(slot, out, 0, work), mayLose)) {
                assertTrue(Pages.equal(model.getOrDefault(slot, zeroes), out), "slot " + slot + " holds other bytes");
            }
        }
    }

    void setCodec(int number) {
        store.setCodec(CodecSpec.parse(CODECS[number % CODECS.length]));
    }

    /** One look of the pool's keeper. */
    void keepPool() throws IOException {
        keepPoolMeanwhile();
        check("keepPool");
    }

    /** The same, while another thread uses the store. */
    void keepPoolMeanwhile() throws IOException {
        keeper.keepPool();
    }

    /** One look of the backing file's keeper. */
    void keepFile() {
        keeper.keepFile();
        check("keepFile");
    }

    /** The same, for the last page that may fit. */
    void gather() throws IOException {
        gatherMeanwhile();
        check("gather");
    }

    /** The same, while another thread uses the store. */
    void gatherMeanwhile() throws IOException {
        keeper.setScarce(true);
        keeper.keepPool();
        keeper.setScarce(false);
    }

    void setLimit(long bytes) {
        store.setLimit(bytes);
    }

    /** Ends it, and lets another one take over its files. */
    void reopen() throws IOException {
        close();
        open();
    }

    /** All that is there, and that nothing is left when all of it is dropped. */
    void checkAll() {
        load(0, (int) config.slots());
        assertEquals(
                (long) model.size() * PageStore.SLOT_BYTES,
                files.parts().counters().get(Counter.ORIG_DATA_SIZE));
        invalidate(0, (int) config.slots(), 1);
        assertEquals(0, files.parts().counters().get(Counter.COMPR_DATA_SIZE));
        assertEquals(0, files.parts().regions().budget().liveBytes(), "bytes leaked in the pool");
        BackingFile backing = files.parts().file();
        assertEquals(0, backing == null ? 0 : backing.liveBytes(), "bytes leaked in the file");
        check("all dropped");
    }

    private boolean isFull(int status) {
        return config.overcommit() && (status == StoreStatus.WOULD_WAIT || status == StoreStatus.NO_SPACE);
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
