package dev.ramzswap.nbd.wire;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritableByteChannel;

/**
 * The sending side of a connection, shared by its threads. What is given to one call leaves in one piece. To send one
 * reply by several calls, hold this object's monitor around them.
 *
 * <p>When a reply has not left in whole, nothing follows it: the client would take that for the rest of its data.
 *
 * <p>A client that does not read its replies blocks the callers, all of which are threads of its own connection;
 * closing the channel sets them free.
 */
public final class Outlet {
    private final WritableByteChannel channel;
    private boolean isBroken;

    public Outlet(WritableByteChannel channel) {
        this.channel = channel;
    }

    synchronized void write(ByteBuffer bytes) throws IOException {
        if (isBroken) {
            throw new ClosedChannelException();
        }
        isBroken = true; // until all of it has left, whatever it is that ends this
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        isBroken = false;
    }

    /** The rest of a reply that has begun to leave will not come. Hold the monitor since before that. */
    public synchronized void fail() {
        isBroken = true;
    }

    /** Whether a reply could not be sent. */
    public synchronized boolean isBroken() {
        return isBroken;
    }
}
