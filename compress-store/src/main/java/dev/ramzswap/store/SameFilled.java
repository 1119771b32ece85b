package dev.ramzswap.store;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Pages whose 64-bit words are all equal, as zram and zswap know them. */
final class SameFilled {
    // A view handle reads in one byte order whatever the buffer's own is.
    private static final VarHandle LONG = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int LAST = PageStore.SLOT_BYTES - Long.BYTES;

    private SameFilled() {}

    static boolean test(ByteBuffer page, int at) {
        long first = (long) LONG.get(page, at);
        // The last word first, as zram does: most pages that begin evenly do not end so.
        if ((long) LONG.get(page, at + LAST) != first) {
            return false;
        }
        for (int i = Long.BYTES; i < LAST; i += Long.BYTES) {
            if ((long) LONG.get(page, at + i) != first) {
                return false;
            }
        }
        return true;
    }

    static long value(ByteBuffer page, int at) {
        return (long) LONG.get(page, at);
    }

    static void setValue(ByteBuffer buffer, int at, long value) {
        LONG.set(buffer, at, value);
    }

    static void fill(ByteBuffer page, int at, long value) {
        for (int i = 0; i < PageStore.SLOT_BYTES; i += Long.BYTES) {
            LONG.set(page, at + i, value);
        }
    }
}
