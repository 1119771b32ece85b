package dev.ramzswap.nbd.client;

import static dev.ramzswap.nbd.wire.Protocol.NBD_CMD_DISC;
import static dev.ramzswap.nbd.wire.Protocol.NBD_REQUEST_MAGIC;
import static dev.ramzswap.nbd.wire.Protocol.REQUEST_HEADER;

import dev.ramzswap.linux.NativeSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.time.Duration;
import java.util.List;

/** The last word of a client that has no request out: without it, a server must take it for lost. */
public final class Goodbye {
    /** Time enough to say it; zero would be for ever. */
    private static final long LEAST_NANOS = 1_000_000;

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

    /**
     * The same on several, which all say it, and of which none waits longer than what the others have left of the time.
     *
     * @throws IOException also if that is over
     */
    public static void say(List<NativeSocket> sockets, Duration patience) throws IOException {
        long deadline = System.nanoTime() + patience.toNanos();
        IOException failure = null;
        for (NativeSocket socket : sockets) {
            try {
                socket.setTimeout(Duration.ofNanos(Math.max(LEAST_NANOS, deadline - System.nanoTime())));
                say(socket);
            } catch (IOException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
