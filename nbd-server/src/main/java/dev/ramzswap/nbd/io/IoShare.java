package dev.ramzswap.nbd.io;

import io.netty.buffer.ByteBuf;

/**
 * What one connection has of a server's memory. Only one that this process has made itself, for the kernel in place of
 * one that was cut, is given what is reserved: whoever else may connect could have all of it just then. What it had is
 * reserved again, unless it says good-bye: its device is detached then, and the next one's first connections are
 * another process's. What one of those had is reserved when it is lost: another of this process's comes in its place.
 */
public final class IoShare {
    private final IoMemory memory;
    private final boolean isOwn;
    private volatile boolean isReserved;

    /** @param isOwn whether this process has made the connection */
    public IoShare(IoMemory memory, boolean isOwn) {
        this.memory = memory;
        this.isOwn = isOwn;
        isReserved = isOwn;
    }

    /** Resident memory of that size, with any content. */
    ByteBuf take(int bytes) {
        ByteBuf reserved = isOwn ? memory.takeReserved(bytes) : null;
        return reserved == null ? memory.make(bytes) : reserved;
    }

    /** Nobody uses it any more. */
    void give(ByteBuf buffer) {
        if (isReserved) {
            memory.reserve(buffer);
        } else {
            buffer.release();
        }
    }

    /** Its device is detached: one that was only offered says none. */
    public void saidGoodbye() {
        isReserved = false;
    }

    /** The kernel has lost it. */
    public void isLost() {
        isReserved = true;
    }
}
