package dev.ramzswap.nbd.io;

import io.netty.buffer.ByteBuf;

/**
 * What one connection has of a server's memory. Only one that this process has made itself, for the kernel in place of
 * one that was cut, is given what is spare: whoever else may connect could have all of it just then. So that there is
 * some, what is left by such connections is kept, and by those that end without a good-bye, as the kernel's first ones
 * do, which another process has made.
 */
public final class IoShare {
    private final IoMemory memory;
    private final boolean isOwn;
    private volatile boolean isKept;

    /** @param isOwn whether this process has made the connection */
    public IoShare(IoMemory memory, boolean isOwn) {
        this.memory = memory;
        this.isOwn = isOwn;
        isKept = isOwn;
    }

    /** Resident memory of that size, with any content. */
    ByteBuf take(int bytes) {
        return isOwn ? memory.take(bytes) : memory.make(bytes);
    }

    /** Nobody uses it any more. */
    void give(ByteBuf buffer) {
        if (isKept) {
            memory.keep(buffer);
        } else {
            buffer.release();
        }
    }

    /** The connection has an export: unless it says good-bye, there may be another in its place. */
    public void mayBeLost() {
        isKept = true;
    }

    public void saidGoodbye() {
        isKept = isOwn;
    }
}
