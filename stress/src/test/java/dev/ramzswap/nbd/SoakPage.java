package dev.ramzswap.nbd;

import java.nio.ByteBuffer;

/**
 * Pages that tell which write made them. The first word is the page's name: the write's number, and the slot. All
 * others follow from it but the last, the tail, which partial writes change. A slot that holds nothing has name 0.
 */
final class SoakPage {
    static final int BYTES = 4096;
    static final int TAIL_OFFSET = BYTES - Long.BYTES;

    private static final int SLOT_BITS = 24;
    private static final int WORDS = BYTES / Long.BYTES;
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    private SoakPage() {}

    static long name(long number, int slot) {
        return number << SLOT_BITS | slot;
    }

    static long number(long name) {
        return name >>> SLOT_BITS;
    }

    static int slot(long name) {
        return (int) name & (1 << SLOT_BITS) - 1;
    }

    /** The tail of a page that no partial write has changed. */
    static long tail(long name) {
        return name == 0 ? 0 : word(name, WORDS - 1);
    }

    /** Puts a page's bytes to {@code at}. */
    static void put(ByteBuffer into, int at, long name, long tail) {
        for (int i = 0; i < WORDS - 1; i++) {
            into.putLong(at + i * Long.BYTES, name == 0 ? 0 : word(name, i));
        }
        into.putLong(at + TAIL_OFFSET, tail);
    }

    /** Whether a page's bytes lie at {@code at}; whatever the tail is. */
    static boolean isWhole(ByteBuffer page, int at, long name) {
        for (int i = 0; i < WORDS - 1; i++) {
            if (page.getLong(at + i * Long.BYTES) != (name == 0 ? 0 : word(name, i))) {
                return false;
            }
        }
        return true;
    }

    /** Same-filled, well and hardly compressible pages, and such as are not, a quarter each. */
    private static long word(long name, int index) {
        if (index == 0) {
            return name;
        }
        return switch ((int) (name * GOLDEN >>> 62)) {
            case 0 -> name;
            case 1 -> index % 8 == 0 ? random(name, index) : index & 3;
            case 2 -> index % 8 < 5 ? random(name, index) : index & 3;
            default -> random(name, index);
        };
    }

    private static long random(long name, int index) {
        long mixed = (name + index * GOLDEN) * 0xff51afd7ed558ccdL;
        mixed = (mixed ^ mixed >>> 33) * 0xc4ceb9fe1a85ec53L;
        return mixed ^ mixed >>> 33;
    }
}
