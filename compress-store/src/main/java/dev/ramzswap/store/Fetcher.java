package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import java.nio.ByteBuffer;

/**
 * Makes the page that a slot's word stands for. A word is looked at before it is followed: what cannot be a place is an
 * IO_ERROR for this slot, and so is what is not intact there. Thread-safe.
 */
final class Fetcher {
    static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(PageStore.SLOT_BYTES);

    private final Pool pool;

    /** Null if there is none. */
    private final BackingFile file;

    Fetcher(Parts parts) {
        this.pool = parts.pool();
        this.file = parts.file();
    }

    /** See {@link BackingFile#contentAt}. */
    long contentOf(long word) {
        return file == null ? 0 : file.contentAt(Slot.place(word));
    }

    /** From memory; OK, WOULD_WAIT if it is on the disk, or IO_ERROR where it is not intact. */
    int fetchNow(long slot, long word, ByteBuffer into, int at, Workspace work) {
        return switch (Slot.kind(word)) {
            case Slot.KIND_HOLE -> {
                into.put(at, ZEROES, 0, PageStore.SLOT_BYTES);
                yield StoreStatus.OK;
            }
            case Slot.KIND_FILL -> {
                SameFilled.fill(into, at, Slot.fillValue(word));
                yield Slot.isFillIntact(slot, word) ? StoreStatus.OK : StoreStatus.IO_ERROR;
            }
            case Slot.KIND_POOL -> fetchFromPool(slot, word, into, at, work);
            case Slot.KIND_FILE -> fetchStaged(slot, word, into, at, work);
            default -> StoreStatus.IO_ERROR;
        };
    }

    /** Like {@link #fetchNow}, but waits for the disk if it must. */
    int fetch(long slot, long word, ByteBuffer into, int at, Workspace work) {
        int status = fetchNow(slot, word, into, at, work);
        if (status != StoreStatus.WOULD_WAIT) {
            return status;
        }
        int read = file.read(Slot.place(word), Record.bytes(word), work.record.memory, 0, work.readBuffer);
        return read == BackingFile.OK ? decode(slot, word, into, at, work) : StoreStatus.IO_ERROR;
    }

    private int fetchFromPool(long slot, long word, ByteBuffer into, int at, Workspace work) {
        if (!pool.isReadable(word)) {
            return StoreStatus.IO_ERROR;
        }
        Record.copy(pool.memory(), Slot.place(word), work.record.memory, 0, Slot.length(word));
        return decode(slot, word, into, at, work);
    }

    private int fetchStaged(long slot, long word, ByteBuffer into, int at, Workspace work) {
        if (file == null) {
            return StoreStatus.IO_ERROR;
        }
        int read = file.readNow(Slot.place(word), Record.bytes(word), work.record.memory, 0);
        return read == BackingFile.OK ? decode(slot, word, into, at, work) : StoreStatus.WOULD_WAIT;
    }

    private static int decode(long slot, long word, ByteBuffer into, int at, Workspace work) {
        return work.decode(slot, word, into, at) ? StoreStatus.OK : StoreStatus.IO_ERROR;
    }
}
