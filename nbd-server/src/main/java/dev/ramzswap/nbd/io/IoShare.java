package dev.ramzswap.nbd.io;

import io.netty.buffer.ByteBuf;

/**
 * What one connection has of a server's memory. Only one that this process has made itself, for the kernel in place of
 * one that was cut, is given what is reserved: whoever else may connect could have all of it just then. So that there
 * is some, what connections had is reserved that end without a good-bye, as the kernel's first ones do, which another
 * process has made; and what was reserved is so again, unless its connection says good-bye after it was asked for
 * something: its device is detached then, and the next one's first connections are another process's again.
 */
public final class IoShare {
    private final IoMemory memory;
    private final boolean isOwn;
    private volatile boolean hasReserved;
    private volatile boolean isLost;

    /** @param isOwn whether this process has made the connection */
    public IoShare(IoMemory memory, boolean isOwn) {
        this.memory = memory;
        this.isOwn = isOwn;
    }

    /** Resident memory of that size, with any content. */
    ByteBuf take(int bytes) {
        ByteBuf reserved = isOwn ? memory.takeReserved(bytes) : null;
        if (reserved == null) {
            return memory.take(bytes);
        }
        hasReserved = true;
        return reserved;
    }

    /** Nobody uses it any more. */
    void give(ByteBuf buffer) {
        if (isLost || hasReserved) {
            memory.reserve(buffer);
        } else {
            memory.keep(buffer);
        }
    }

    /** The connection has an export: unless it says good-bye, there may be another in its place. */
    public void mayBeLost() {
        isLost = true;
    }

    /** @param wasAsked whether it was asked for anything: one that was not was only offered, and another will be */
    public void saidGoodbye(boolean wasAsked) {
        isLost = false;
        hasReserved &= !wasAsked;
    }
}
