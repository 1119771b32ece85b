package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * One thread that uses a {@link SweptStore}: a model of its slots, and a tally of what the store said. Operations may
 * fail as the fault explains; no load may give other bytes than the model's.
 */
final class SweptUser implements AutoCloseable {
    private static final int ROUNDS = 2;
    private static final int OPERATIONS_HIGH = 100;
    private static final int OPERATIONS_LOW = 800;
    private static final int PATCHED_BYTES = 1000;
    private static final int HOLE = -1;
    private static final int PAGES = 256;
    private static final ByteBuffer[] PAGE = new ByteBuffer[PAGES];

    static {
        for (int i = 0; i < PAGES; i++) {
            // Mostly pages that do not compress: they fill the file's segments.
            PAGE[i] = i % 4 == 0 ? Pages.page(i) : Pages.page(Pages.Kind.INCOMPRESSIBLE, i);
        }
    }

    private final SweptStore swept;
    private final PageStore store;
    private final SlotMap map;
    private final int first;
    private final int end;
    private final Workspace work;
    private final ByteBuffer out = Pages.buffer();

    /** Which page a slot holds, and of which one its first {@link #PATCHED_BYTES} are; or {@link #HOLE}. */
    private final int[] page = new int[SweptStore.SLOTS];

    private final int[] head = new int[SweptStore.SLOTS];
    private long stored;
    private long loaded;
    private long errors;
    private long refused;
    private long invalidated;

    SweptUser(SweptStore swept, int first, int end) {
        this.swept = swept;
        this.store = swept.store;
        this.map = swept.files.parts().map();
        this.first = first;
        this.end = end;
        this.work = store.workspace();
        Arrays.fill(page, HOLE);
        Arrays.fill(head, HOLE);
    }

    /** The scenario: stores, overwrites, spills, loads, promotions, compaction, changes of the limit. */
    void play(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int slot = first; slot < end; slot++) {
            store(slot, random.nextInt(PAGES));
        }
        for (int round = 0; round < ROUNDS; round++) {
            play(OPERATIONS_LOW, random);
            swept.setLimit(SweptStore.HIGH);
            play(OPERATIONS_HIGH, random);
            swept.setLimit(SweptStore.LOW);
        }
    }

    private void play(int operations, SplittableRandom random) {
        for (int i = 0; i < operations; i++) {
            // Low slots more often, so that segments keep a few old pages, and are compacted.
            int slot = Math.min(random.nextInt(first, end), random.nextInt(first, end));
            switch (random.nextInt(32)) {
                case 0 -> load(slot);
                case 1 -> patch(slot, random.nextInt(PAGES));
                case 2, 3 -> invalidate(slot);
                default -> store(slot, random.nextInt(PAGES));
            }
        }
    }

    private void store(int slot, int number) {
        int status = store.store(slot, PAGE[number], 0, work);
        if (status == StoreStatus.OK) {
            stored++;
            page[slot] = number;
            head[slot] = number;
        } else {
            refuse(status);
        }
    }

    private void patch(int slot, int number) {
        int status = store.patch(slot, 0, PATCHED_BYTES, PAGE[number], 0, work);
        if (status == StoreStatus.OK) {
            stored++;
            head[slot] = number;
        } else if (status == StoreStatus.IO_ERROR) {
            fail(slot);
        } else {
            refuse(status);
        }
    }

    private void refuse(int status) {
        assertEquals(StoreStatus.NO_SPACE, status, swept.label);
        assertTrue(swept.device.isReached(), () -> swept.label + ": refused without a fault");
        refused++;
    }

    private void invalidate(int slot) {
        invalidated += map.get(slot) == Slot.HOLE ? 0 : 1;
        store.invalidate(slot, work);
        page[slot] = HOLE;
        head[slot] = HOLE;
    }

    private void load(int slot) {
        boolean isHole = map.get(slot) == Slot.HOLE;
        int status = store.load(slot, out, 0, work);
        if (status == StoreStatus.IO_ERROR) {
            fail(slot);
            return;
        }
        assertEquals(StoreStatus.OK, status, swept.label);
        assertTrue(isRight(slot), () -> swept.label + ": slot " + slot + " holds other bytes");
        loaded += isHole ? 0 : 1;
    }

    private void fail(int slot) {
        errors++;
        assertEquals(Slot.KIND_FILE, Slot.kind(map.get(slot)), () -> swept.label + ": a page in RAM is lost");
        assertTrue(errors <= swept.device.failedReads(), () -> swept.label + ": an error without a fault");
    }

    private boolean isRight(int slot) {
        return isPart(head[slot], 0, PATCHED_BYTES)
                && isPart(page[slot], PATCHED_BYTES, PageStore.SLOT_BYTES - PATCHED_BYTES);
    }

    private boolean isPart(int number, int at, int length) {
        ByteBuffer part = out.slice(at, length);
        if (number != HOLE) {
            return part.equals(PAGE[number].slice(at, length));
        }
        while (part.hasRemaining()) {
            if (part.get() != 0) {
                return false;
            }
        }
        return true;
    }

    void loadAll() {
        for (int slot = first; slot < end; slot++) {
            load(slot);
        }
    }

    /** Puts another page into every slot; a store that is full since a write has failed has room again in a moment. */
    void storeAll() {
        long giveUp = System.nanoTime() + 10_000_000_000L;
        for (int slot = first; slot < end; slot++) {
            long before = stored;
            store(slot, slot % PAGES);
            while (stored == before) {
                assertTrue(System.nanoTime() - giveUp < 0, swept.label + ": refused for ever");
                LockSupport.parkNanos(500_000);
                store(slot, slot % PAGES);
            }
        }
    }

    void invalidateAll() {
        for (int slot = first; slot < end; slot++) {
            invalidate(slot);
        }
    }

    long pages() {
        long pages = 0;
        for (int slot = first; slot < end; slot++) {
            pages += head[slot] == HOLE ? 0 : 1;
        }
        return pages;
    }

    long stored() {
        return stored;
    }

    long loaded() {
        return loaded;
    }

    long errors() {
        return errors;
    }

    long refused() {
        return refused;
    }

    long invalidated() {
        return invalidated;
    }

    @Override
    public void close() {
        work.close();
    }
}
