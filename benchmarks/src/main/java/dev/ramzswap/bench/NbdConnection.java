package dev.ramzswap.bench;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * A client's connection in its transmission phase, by the fixed newstyle handshake and {@code NBD_OPT_GO}, with simple
 * replies. Names and values are those of the NBD project's {@code doc/proto.md}.
 */
final class NbdConnection implements AutoCloseable {
    static final int REQUEST_MAGIC = 0x25609513;
    static final int REPLY_MAGIC = 0x67446698;
    static final int REQUEST_BYTES = 28;
    static final int REPLY_BYTES = 16;
    static final short CMD_READ = 0;
    static final short CMD_WRITE = 1;
    static final short CMD_DISC = 2;
    static final short CMD_TRIM = 4;

    private static final long NBDMAGIC = 0x4e42444d41474943L;
    private static final long IHAVEOPT = 0x49484156454F5054L;
    private static final int FLAG_C_FIXED_NEWSTYLE = 1;
    private static final int FLAG_C_NO_ZEROES = 2;
    private static final int OPT_GO = 7;
    private static final int REP_ACK = 1;
    private static final int REP_INFO = 3;
    private static final short INFO_EXPORT = 0;
    private static final int MAX_REPLY = 64 * 1024;

    private final SocketChannel channel;
    private long size;

    private NbdConnection(SocketChannel channel) {
        this.channel = channel;
    }

    /** Connects to a Unix or TCP socket and opens an export ("" is the default one). */
    static NbdConnection open(SocketAddress address, String export) throws IOException {
        boolean unix = address instanceof UnixDomainSocketAddress;
        SocketChannel channel = unix ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
        NbdConnection connection = new NbdConnection(channel);
        try {
            channel.connect(address);
            if (!unix) {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            }
            connection.negotiate(export);
            return connection;
        } catch (IOException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    /** Reads {@code HOST:PORT}. */
    static SocketAddress tcp(String text) {
        int colon = text.lastIndexOf(':');
        if (colon < 1) {
            throw new IllegalArgumentException("'" + text + "' is not HOST:PORT");
        }
        return new InetSocketAddress(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }

    /** The export's size in bytes. */
    long size() {
        return size;
    }

    SocketChannel channel() {
        return channel;
    }

    private void negotiate(String export) throws IOException {
        ByteBuffer greeting = receive(18);
        if (greeting.getLong() != NBDMAGIC || greeting.getLong() != IHAVEOPT) {
            throw new IOException("not an NBD server of the newstyle handshake");
        }
        byte[] name = export.getBytes(StandardCharsets.UTF_8);
        ByteBuffer option = ByteBuffer.allocate(4 + 16 + 4 + name.length + 2);
        option.putInt(FLAG_C_FIXED_NEWSTYLE | FLAG_C_NO_ZEROES);
        option.putLong(IHAVEOPT).putInt(OPT_GO).putInt(4 + name.length + 2);
        option.putInt(name.length).put(name).putShort((short) 0);
        send(option.flip());
        while (readOptionReply(export)) {
            // Information replies come before the acknowledgement.
        }
    }

    /** @return whether more replies follow */
    private boolean readOptionReply(String export) throws IOException {
        ByteBuffer header = receive(20);
        header.position(12);
        int type = header.getInt();
        int length = header.getInt();
        if (length < 0 || length > MAX_REPLY) {
            throw new IOException("an option reply of " + length + " bytes");
        }
        ByteBuffer data = receive(length);
        if (type < 0) {
            throw new IOException("export '" + export + "' is refused: error 0x" + Integer.toHexString(type) + " "
                    + StandardCharsets.UTF_8.decode(data));
        }
        if (type == REP_INFO && data.getShort() == INFO_EXPORT) {
            size = data.getLong();
        }
        return type != REP_ACK;
    }

    private ByteBuffer receive(int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new EOFException("the server closed the connection in the handshake");
            }
        }
        return buffer.flip();
    }

    void send(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** Takes leave of the server, if it is still there, and closes the socket. */
    @Override
    public void close() throws IOException {
        if (size > 0 && channel.isOpen()) {
            ByteBuffer leave = ByteBuffer.allocate(REQUEST_BYTES);
            leave.putInt(REQUEST_MAGIC).putShort((short) 0).putShort(CMD_DISC).rewind();
            try {
                send(leave);
            } catch (IOException e) {
                // The server is gone already; closing is all that is left.
            }
        }
        channel.close();
    }
}
