package dev.ramzswap.nbd.client;

import static dev.ramzswap.nbd.wire.Protocol.*;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.nbd.export.ExportSession;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * A client that asks as the kernel does: simple replies, several requests in one go. For the daemon to warm itself up,
 * see {@code WarmUp}. One thread.
 */
public final class LoopbackClient implements AutoCloseable {
    /** What is said to one exchange, or heard. */
    private static final int BUFFER_BYTES = 512 << 10;

    private final SocketChannel channel;
    /** Freed at the end, and not when the collector finds out: the daemon stays as large as its warm-up made it. */
    private final Arena arena = Arena.ofConfined();

    private final ByteBuffer out = arena.allocate(BUFFER_BYTES).asByteBuffer();
    private final ByteBuffer in = arena.allocate(BUFFER_BYTES).asByteBuffer();

    /** Connects and opens an export. */
    public LoopbackClient(SocketAddress address, String export) throws IOException {
        channel = address instanceof UnixDomainSocketAddress
                ? SocketChannel.open(StandardProtocolFamily.UNIX)
                : SocketChannel.open();
        try {
            channel.connect(address);
            ClientHandshake.go(channel, export);
        } catch (IOException e) {
            Closing.after(e, channel);
            arena.close();
            throw e;
        }
    }

    /** Adds a WRITE to what {@link #exchange} will send. */
    public void write(long offset, ByteBuffer from, int at, int length) {
        header(NBD_CMD_WRITE, offset, length);
        out.put(out.position(), from, at, length).position(out.position() + length);
    }

    public void read(long offset, int length) {
        header(NBD_CMD_READ, offset, length);
    }

    public void trim(long offset, int length) {
        header(NBD_CMD_TRIM, offset, length);
    }

    public void writeZeroes(long offset, int length) {
        header(NBD_CMD_WRITE_ZEROES, offset, length);
    }

    public void flush() {
        header(NBD_CMD_FLUSH, 0, 0);
    }

    private void header(int command, long offset, int length) {
        out.putInt(NBD_REQUEST_MAGIC).putShort((short) 0).putShort((short) command);
        // The cookie comes back with the reply: it says how many bytes will follow it.
        out.putLong(command == NBD_CMD_READ ? length : 0).putLong(offset).putInt(length);
    }

    /** Sends what was asked for since the last time, takes {@code replies} replies, and returns how many are errors. */
    public int exchange(int replies) throws IOException {
        send();
        int errors = 0;
        for (int i = 0; i < replies; i++) {
            receive(SIMPLE_REPLY_HEADER);
            in.getInt();
            int error = in.getInt();
            int follow = (int) in.getLong();
            if (error != ExportSession.OK) {
                errors++;
            } else if (follow > 0) {
                receive(follow);
            }
        }
        return errors;
    }

    private void send() throws IOException {
        out.flip();
        while (out.hasRemaining()) {
            channel.write(out);
        }
        out.clear();
    }

    private void receive(int bytes) throws IOException {
        in.clear().limit(bytes);
        while (in.hasRemaining()) {
            if (channel.read(in) < 0) {
                throw new EOFException("the server hung up");
            }
        }
        in.flip();
    }

    /** Says good-bye and hangs up. */
    @Override
    public void close() throws IOException {
        try (arena;
                channel) {
            header(NBD_CMD_DISC, 0, 0);
            send();
        }
    }
}
