package dev.ramzswap.nbd.client;

import static dev.ramzswap.nbd.wire.Protocol.*;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.charset.StandardCharsets;

/**
 * The client's side of the fixed newstyle negotiation, with the one option that a kernel's connection needs, GO. What
 * follows on the channel then is transmission, with simple replies.
 */
public final class ClientHandshake {
    private static final int GREETING_BYTES = Long.BYTES + Long.BYTES + Short.BYTES;
    private static final int REPLY_HEADER_BYTES = Long.BYTES + 3 * Integer.BYTES;
    private static final int BUFFER_BYTES = 8192;

    /**
     * What the server says of the export.
     *
     * @param size bytes
     * @param flags NBD_FLAG_..., 16 bits
     */
    public record Terms(long size, int flags) {}

    private final ByteChannel channel;
    private final ByteBuffer buffer;
    private Terms terms;

    private ClientHandshake(ByteChannel channel, ByteBuffer buffer) {
        this.channel = channel;
        this.buffer = buffer;
    }

    /**
     * Opens an export by a channel that is connected to a server.
     *
     * @param export its name; the default export if it is empty
     * @throws IOException if the server does not grant it
     */
    public static Terms go(ByteChannel channel, String export) throws IOException {
        // Freed at once, and not when the collector finds out: who tries again and again needs no more each time.
        try (Arena arena = Arena.ofConfined()) {
            ByteBuffer buffer = arena.allocate(BUFFER_BYTES).asByteBuffer();
            return new ClientHandshake(channel, buffer).run(export.getBytes(StandardCharsets.UTF_8));
        }
    }

    private Terms run(byte[] export) throws IOException {
        receive(GREETING_BYTES);
        if (buffer.getLong() != NBDMAGIC || buffer.getLong() != IHAVEOPT) {
            throw new ProtocolException("not an NBD server");
        }
        ask(export);
        while (!isGranted()) {}
        if (terms == null) {
            throw new ProtocolException("the server granted an export without a word of its size");
        }
        return terms;
    }

    /** The client's flags and the option, in one go. */
    private void ask(byte[] export) throws IOException {
        buffer.clear();
        buffer.putInt(NBD_FLAG_C_FIXED_NEWSTYLE | NBD_FLAG_C_NO_ZEROES);
        buffer.putLong(IHAVEOPT).putInt(NBD_OPT_GO).putInt(Integer.BYTES + export.length + Short.BYTES);
        buffer.putInt(export.length).put(export).putShort((short) 0);
        buffer.flip();
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    /** Takes one reply to the option. */
    private boolean isGranted() throws IOException {
        receive(REPLY_HEADER_BYTES);
        if (buffer.getLong() != NBD_REP_MAGIC || buffer.getInt() != NBD_OPT_GO) {
            throw new ProtocolException("the server answers what was not asked");
        }
        int type = buffer.getInt();
        receive(buffer.getInt());
        if (type < 0) {
            throw new ProtocolException(
                    "the server does not grant the export: " + StandardCharsets.UTF_8.decode(buffer));
        }
        if (type == NBD_REP_INFO && buffer.remaining() >= Short.BYTES && buffer.getShort() == NBD_INFO_EXPORT) {
            terms = new Terms(buffer.getLong(), Short.toUnsignedInt(buffer.getShort()));
        }
        return type == NBD_REP_ACK;
    }

    /** Exactly as many bytes: what follows is not ours. */
    private void receive(int bytes) throws IOException {
        if (bytes < 0 || bytes > BUFFER_BYTES) {
            throw new ProtocolException("a reply of " + Integer.toUnsignedString(bytes) + " bytes");
        }
        buffer.clear().limit(bytes);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new EOFException("the server hung up");
            }
        }
        buffer.flip();
    }
}
