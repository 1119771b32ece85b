package dev.ramzswap.store;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/**
 * What one thread needs to play on the {@link StressedStore}. Each slot has three pages, {@link #A}, {@link #B} and
 * {@link #C}, whose first word names them and the slot. They are same-filled with a word that needs a record, which
 * makes for the shortest operations; or, in every other pair of slots, incompressible, which makes for long copies to
 * tear. All three of a slot have records of one size, so that a place that is freed is the next one to be taken.
 */
final class Player {
    static final int HOLE = 0;
    static final int A = 1;
    static final int B = 2;
    static final int C = 3;

    /** Added to a page whose last word was patched. */
    static final int PATCHED = 10;

    /** Bytes that no single operation stored there: torn, or another slot's. */
    static final int WRONG = 8;

    /** An error, where there is no reason for one. */
    static final int FAILED = 9;

    private static final ThreadLocal<Player> PLAYER = ThreadLocal.withInitial(Player::new);

    private static final int WORDS = PageStore.SLOT_BYTES / Long.BYTES;
    private static final int LAST = PageStore.SLOT_BYTES - Long.BYTES;
    private static final long WIDE = 1L << 62;
    private static final long PATCH = 0x7061746368656421L;
    private static final ByteBuffer[] RANDOM = {random(0), random(A), random(B), random(C)};
    private static final ByteBuffer PATCH_WORD = buffer().putLong(0, PATCH);

    private final PageStore store = StressedStore.instance().store();
    private final Workspace work = store.workspace();
    private final ByteBuffer page = buffer();

    private Player() {}

    /** The calling thread's. */
    static Player get() {
        return PLAYER.get();
    }

    private static ByteBuffer buffer() {
        return ByteBuffer.allocateDirect(PageStore.SLOT_BYTES).order(ByteOrder.nativeOrder());
    }

    private static ByteBuffer random(int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        ByteBuffer page = buffer();
        for (int i = 0; i < WORDS; i++) {
            page.putLong(i * Long.BYTES, random.nextLong());
        }
        return page;
    }

    private static long name(int slot, int kind) {
        return WIDE | (long) slot << 8 | kind;
    }

    private static boolean isRandom(int slot) {
        return (slot & 2) != 0;
    }

    private static long word(int slot, int kind, int at) {
        return at > 0 && isRandom(slot) ? RANDOM[kind].getLong(at) : name(slot, kind);
    }

    /** Stores A, B or C. */
    void store(int slot, int kind) {
        if (isRandom(slot)) {
            page.put(0, RANDOM[kind], 0, PageStore.SLOT_BYTES).putLong(0, name(slot, kind));
        } else {
            for (int at = 0; at < PageStore.SLOT_BYTES; at += Long.BYTES) {
                page.putLong(at, name(slot, kind));
            }
        }
        require(store.store(slot, page, 0, work));
    }

    /** Changes the page's last word. */
    void patch(int slot) {
        require(store.patch(slot, LAST, Long.BYTES, PATCH_WORD, 0, work));
    }

    void invalidate(int slot) {
        store.invalidate(slot, work);
    }

    private static void require(int status) {
        if (status != StoreStatus.OK) {
            throw new AssertionError("status " + status);
        }
    }

    /** Loads a page, and tells which one it is. */
    int load(int slot) {
        if (store.load(slot, page, 0, work) != StoreStatus.OK) {
            return FAILED;
        }
        long name = page.getLong(0);
        int kind = (int) name & 0xff;
        if (name == 0) {
            return isHole() ? HOLE : WRONG;
        }
        if (kind < A || kind > C || name != name(slot, kind) || !isWhole(slot, kind)) {
            return WRONG;
        }
        long last = page.getLong(LAST);
        if (last == PATCH) {
            return kind + PATCHED;
        }
        return last == word(slot, kind, LAST) ? kind : WRONG;
    }

    private boolean isHole() {
        for (int at = 0; at < PageStore.SLOT_BYTES; at += Long.BYTES) {
            if (page.getLong(at) != 0) {
                return false;
            }
        }
        return true;
    }

    /** All but the last word. */
    private boolean isWhole(int slot, int kind) {
        for (int at = 0; at < LAST; at += Long.BYTES) {
            if (page.getLong(at) != word(slot, kind, at)) {
                return false;
            }
        }
        return true;
    }
}
