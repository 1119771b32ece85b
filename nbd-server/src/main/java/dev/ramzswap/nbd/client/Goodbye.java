package dev.ramzswap.nbd.client;

import static dev.ramzswap.nbd.wire.Protocol.NBD_CMD_DISC;
import static dev.ramzswap.nbd.wire.Protocol.NBD_REQUEST_MAGIC;
import static dev.ramzswap.nbd.wire.Protocol.REQUEST_HEADER;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;

/** The last word of a client that has no request out: without it, a server must take it for lost. */
public final class Goodbye {
    private Goodbye() {}

    /**
     * Says it on a channel that is past its handshake, and waits until the server has closed its end, which this
     * project's does when it has heard it: what the client does next comes after that. Close the channel then.
     *
     * @throws IOException also if the channel has a timeout, and that is over
     */
    public static void say(ByteChannel channel) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            ByteBuffer request = arena.allocate(REQUEST_HEADER).asByteBuffer();
            request.putInt(NBD_REQUEST_MAGIC).putShort((short) 0).putShort((short) NBD_CMD_DISC);
            request.clear();
            while (request.hasRemaining()) {
                channel.write(request);
            }
            while (channel.read(request.clear()) >= 0) {
                // a reply that nobody asked for
            }
        }
    }
}
