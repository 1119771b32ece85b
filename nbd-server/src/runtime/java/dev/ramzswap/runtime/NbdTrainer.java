package dev.ramzswap.runtime;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;

/** An NBD client that makes every kind of request that a kernel makes, with pages of every kind. */
final class NbdTrainer implements AutoCloseable {
    // The NBD protocol, doc/proto.md
    private static final long IHAVEOPT = 0x49484156454F5054L;
    private static final int NBD_FLAG_C_FIXED_NEWSTYLE = 1;
    private static final int NBD_FLAG_C_NO_ZEROES = 2;
    private static final int NBD_OPT_GO = 7;
    private static final int NBD_REP_ACK = 1;
    private static final int NBD_REQUEST_MAGIC = 0x25609513;
    private static final int NBD_CMD_READ = 0;
    private static final int NBD_CMD_WRITE = 1;
    private static final int NBD_CMD_DISC = 2;
    private static final int NBD_CMD_FLUSH = 3;
    private static final int NBD_CMD_TRIM = 4;
    private static final int NBD_CMD_WRITE_ZEROES = 6;

    private static final int PAGE = 4096;
    private static final int PAGES = 4096;

    private final SocketChannel channel;
    private final DataInputStream in;
    private final DataOutputStream out;
    private final Random random = new Random(1);

    NbdTrainer(Path socket, String export) throws IOException {
        channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        in = new DataInputStream(Channels.newInputStream(channel));
        out = new DataOutputStream(new java.io.BufferedOutputStream(Channels.newOutputStream(channel), 2 * PAGE));
        in.skipNBytes(18);
        out.writeInt(NBD_FLAG_C_FIXED_NEWSTYLE | NBD_FLAG_C_NO_ZEROES);
        out.writeLong(IHAVEOPT);
        out.writeInt(NBD_OPT_GO);
        byte[] name = export.getBytes(StandardCharsets.UTF_8);
        out.writeInt(4 + name.length + 2);
        out.writeInt(name.length);
        out.write(name);
        out.writeShort(0);
        out.flush();
        int type;
        do {
            in.skipNBytes(12);
            type = in.readInt();
            in.skipNBytes(in.readInt());
        } while (type != NBD_REP_ACK);
    }

    void exercise() throws IOException {
        for (int page = 0; page < PAGES; page++) {
            write(page * (long) PAGE, page(page % 8));
        }
        for (int i = 0; i < PAGES; i++) {
            read(random.nextInt(PAGES) * (long) PAGE, PAGE);
        }
        write(100, new byte[700]);
        read(PAGE - 10, 3 * PAGE);
        call(NBD_CMD_FLUSH, 0, 0);
        call(NBD_CMD_TRIM, 0, 256 * PAGE);
        call(NBD_CMD_WRITE_ZEROES, 256 * PAGE, 256 * PAGE);
    }

    /** Two kinds are all of one word, two do not compress, the others compress about 2.5 times. */
    private byte[] page(int kind) {
        byte[] page = new byte[PAGE];
        if (kind > 1) {
            random.nextBytes(page);
        }
        if (kind > 3) {
            for (int i = 0; i < PAGE; i++) {
                page[i] = (byte) (page[i] & 7);
            }
        }
        return page;
    }

    private void write(long offset, byte[] bytes) throws IOException {
        request(NBD_CMD_WRITE, offset, bytes.length);
        out.write(bytes);
        reply();
    }

    private void read(long offset, int length) throws IOException {
        request(NBD_CMD_READ, offset, length);
        reply();
        in.skipNBytes(length);
    }

    private void call(int command, long offset, int length) throws IOException {
        request(command, offset, length);
        reply();
    }

    private void request(int command, long offset, int length) throws IOException {
        out.writeInt(NBD_REQUEST_MAGIC);
        out.writeShort(0);
        out.writeShort(command);
        out.writeLong(0);
        out.writeLong(offset);
        out.writeInt(length);
    }

    private void reply() throws IOException {
        out.flush();
        in.readInt();
        int error = in.readInt();
        in.readLong();
        if (error != 0) {
            throw new IOException("the daemon answered with error " + error);
        }
    }

    @Override
    public void close() throws IOException {
        request(NBD_CMD_DISC, 0, 0);
        out.flush();
        channel.close();
    }
}
