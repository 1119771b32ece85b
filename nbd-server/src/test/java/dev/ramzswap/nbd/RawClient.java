package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.*;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;

/** A client that sends exactly the bytes it is told to. */
public final class RawClient implements AutoCloseable {
    public final SocketChannel channel;
    public final ServerBytes in;

    RawClient(SocketAddress server) throws IOException {
        channel = SocketChannel.open(server);
        in = new ServerBytes(Channels.newInputStream(channel));
    }

    /** A client that is past its handshake. */
    public static RawClient attached(SocketAddress server, String export, boolean structured) throws IOException {
        RawClient client = new RawClient(server);
        client.in.greeting();
        client.send(new Bytes().u32(NBD_FLAG_C_FIXED_NEWSTYLE | NBD_FLAG_C_NO_ZEROES));
        if (structured) {
            client.send(new Bytes().option(NBD_OPT_STRUCTURED_REPLY));
            assertEquals(NBD_REP_ACK, client.in.optionReply().type());
        }
        client.send(new Bytes().option(NBD_OPT_GO, Bytes.go(export)));
        assertEquals(NBD_REP_INFO, client.in.optionReply().type());
        assertEquals(NBD_REP_ACK, client.in.optionReply().type());
        return client;
    }

    public void send(Bytes bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes.array());
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
