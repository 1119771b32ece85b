package dev.ramzswap.nbd.io;

import io.netty.buffer.ByteBuf;

/**
 * What one connection has of a server's memory. Only one that this process has made itself, for the kernel in place of
 * one that was cut, is given what is spare: whoever else may connect could have all of it just then. So that there is
 * some, what is left by such connections is kept, and by those that end without a good-bye, as the kernel's first ones
 * do, which another process has made. What one has that says good-bye after it was asked for something is freed,
 * though: its device is detached, and the next one's first connections are another process's again.
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

    /** @param wasAsked whether it was asked for anything: one that was not was only offered, and another will be */
    public void saidGoodbye(boolean wasAsked) {
        isKept = isOwn && !wasAsked;
    }
}
