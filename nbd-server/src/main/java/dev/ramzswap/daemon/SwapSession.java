package dev.ramzswap.daemon;

import static dev.ramzswap.store.PageStore.SLOT_BYTES;

import dev.ramzswap.nbd.export.ExportSession;
import dev.ramzswap.nbd.wire.Protocol;
import dev.ramzswap.store.PageStore;
import dev.ramzswap.store.StoreStatus;
import dev.ramzswap.store.Workspace;
import java.nio.ByteBuffer;

/**
 * Byte ranges to slots. A range is walked in pieces, each inside one slot: a whole slot is stored, loaded or
 * invalidated; a part of one is patched, erased, or copied out of a page loaded aside. Parts that are written always
 * wait, since a store changes a part only under a lock of that slot; the kernel writes whole pages.
 */
final class SwapSession implements ExportSession {
    private final PageStore store;
    private final Workspace work;
    private final ByteBuffer page = ByteBuffer.allocateDirect(SLOT_BYTES);

    SwapSession(PageStore store) {
        this.store = store;
        this.work = store.workspace();
    }

    @Override
    public int readNow(long offset, int length, ByteBuffer into, int at) {
        int done = 0;
        while (done < length) {
            long slot = slot(offset + done);
            int begin = begin(offset + done);
            int piece = piece(begin, length - done);
            int status = piece == SLOT_BYTES
                    ? store.loadNow(slot, into, at + done, work)
                    : part(store.loadNow(slot, page, 0, work), begin, piece, into, at + done);
            if (status != StoreStatus.OK) {
                return result(status);
            }
            done += piece;
        }
        return OK;
    }

    @Override
    public int read(long offset, int length, ByteBuffer into, int at) {
        int done = 0;
        while (done < length) {
            long slot = slot(offset + done);
            int begin = begin(offset + done);
            int piece = piece(begin, length - done);
            int status = piece == SLOT_BYTES
                    ? store.load(slot, into, at + done, work)
                    : part(store.load(slot, page, 0, work), begin, piece, into, at + done);
            if (status != StoreStatus.OK) {
                return result(status);
            }
            done += piece;
        }
        return OK;
    }

    private int part(int status, int begin, int piece, ByteBuffer into, int at) {
        if (status == StoreStatus.OK) {
            into.put(at, page, begin, piece);
        }
        return status;
    }

    @Override
    public int writeNow(long offset, int length, ByteBuffer from, int at) {
        if (!isWhole(offset, length)) {
            return WOULD_WAIT;
        }
        for (int done = 0; done < length; done += SLOT_BYTES) {
            int status = store.storeNow(slot(offset + done), from, at + done, work);
            if (status != StoreStatus.OK) {
                return result(status);
            }
        }
        return OK;
    }

    @Override
    public int write(long offset, int length, ByteBuffer from, int at) {
        int done = 0;
        while (done < length) {
            long slot = slot(offset + done);
            int begin = begin(offset + done);
            int piece = piece(begin, length - done);
            int status = piece == SLOT_BYTES
                    ? store.store(slot, from, at + done, work)
                    : store.patch(slot, begin, piece, from, at + done, work);
            if (status != StoreStatus.OK) {
                return result(status);
            }
            done += piece;
        }
        return OK;
    }

    @Override
    public int zeroNow(long offset, long length) {
        return isWhole(offset, length) ? zero(offset, length) : WOULD_WAIT;
    }

    @Override
    public int zero(long offset, long length) {
        if (offset == 0 && length == store.slots() * SLOT_BYTES) {
            store.invalidateArea(work);
            return OK;
        }
        long done = 0;
        while (done < length) {
            long slot = slot(offset + done);
            int begin = begin(offset + done);
            int piece = piece(begin, length - done);
            if (piece == SLOT_BYTES) {
                store.invalidate(slot, work);
            } else {
                int status = store.erase(slot, begin, piece, work);
                if (status != StoreStatus.OK) {
                    return result(status);
                }
            }
            done += piece;
        }
        return OK;
    }

    @Override
    public int flags(long offset) {
        return switch (store.extent(slot(offset))) {
            case PageStore.HOLE -> Protocol.NBD_STATE_HOLE | Protocol.NBD_STATE_ZERO;
            case PageStore.ZERO -> Protocol.NBD_STATE_ZERO;
            default -> 0;
        };
    }

    @Override
    public void close() {
        work.close();
    }

    private static int result(int status) {
        return switch (status) {
            case StoreStatus.WOULD_WAIT -> WOULD_WAIT;
            case StoreStatus.NO_SPACE -> Protocol.NBD_ENOSPC;
            default -> Protocol.NBD_EIO;
        };
    }

    private static boolean isWhole(long offset, long length) {
        return (offset | length) % SLOT_BYTES == 0;
    }

    private static long slot(long offset) {
        return offset / SLOT_BYTES;
    }

    private static int begin(long offset) {
        return (int) (offset % SLOT_BYTES);
    }

    private static int piece(int begin, long left) {
        return (int) Math.min(SLOT_BYTES - begin, left);
    }
}
