package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.Protocol.*;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * A client that asks as the kernel does: simple replies, several requests in one go. For the daemon to warm itself up,
 * see {@code WarmUp}. One thread.
 */
public final class LoopbackClient implements AutoCloseable {
    private final SocketChannel channel;
    private final ByteBuffer out = ByteBuffer.allocateDirect(1 << 20);
    private final ByteBuffer in = ByteBuffer.allocateDirect(1 << 20);

    /** Connects and opens an export. */
    public LoopbackClient(SocketAddress address, String export) throws IOException {
        channel = address instanceof UnixDomainSocketAddress
                ? SocketChannel.open(StandardProtocolFamily.UNIX)
                : SocketChannel.open();
        try {
            channel.connect(address);
            greet();
            go(export.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    private void greet() throws IOException {
        receive(Long.BYTES + Long.BYTES + Short.BYTES);
        if (in.getLong() != NBDMAGIC || in.getLong() != IHAVEOPT) {
            throw new ProtocolException("not an NBD server");
        }
        out.putInt(NBD_FLAG_C_FIXED_NEWSTYLE | NBD_FLAG_C_NO_ZEROES);
    }

    private void go(byte[] export) throws IOException {
        out.putLong(IHAVEOPT).putInt(NBD_OPT_GO).putInt(Integer.BYTES + export.length + Short.BYTES);
        out.putInt(export.length).put(export).putShort((short) 0);
        send();
        int type;
        do {
            receive(Long.BYTES + 3 * Integer.BYTES);
            in.getLong();
            in.getInt();
            type = in.getInt();
            receive(in.getInt());
            if (type < 0) {
                throw new ProtocolException("GO was refused");
            }
        } while (type != NBD_REP_ACK);
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
        try (channel) {
            header(NBD_CMD_DISC, 0, 0);
            send();
        }
    }
}
