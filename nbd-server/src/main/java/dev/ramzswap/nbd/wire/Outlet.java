package dev.ramzswap.nbd.wire;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/**
 * The sending side of a connection, shared by its threads. What is given to one call leaves in one piece. To send one
 * reply by several calls, hold this object's monitor around them.
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
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            isBroken = true;
            throw e;
        }
    }

    /** Whether a reply could not be sent. */
    public synchronized boolean isBroken() {
        return isBroken;
    }
}
