package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ramzswap.nbd.export.ExportSession;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/** What a server has sent, read as a client would. */
public final class ServerBytes {
    private final DataInputStream in;

    ServerBytes(InputStream in) {
        this.in = new DataInputStream(in);
    }

    record OptionReply(int option, int type, byte[] data) {}

    /** A simple reply (type {@code SIMPLE}, its data not read yet), or one chunk with its payload. */
    public record Reply(long cookie, int type, boolean last, int error, byte[] payload) {
        static final int SIMPLE = -1;
    }

    public record SimpleReply(long cookie, int error) {}

    void greeting() throws IOException {
        assertEquals(NBDMAGIC, in.readLong());
        assertEquals(IHAVEOPT, in.readLong());
        assertEquals(NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES, in.readUnsignedShort());
    }

    OptionReply optionReply() throws IOException {
        assertEquals(NBD_REP_MAGIC, in.readLong());
        int option = in.readInt();
        int type = in.readInt();
        return new OptionReply(option, type, bytes(in.readInt()));
    }

    /** Of simple or structured make. */
    public Reply reply() throws IOException {
        int magic = in.readInt();
        if (magic == NBD_SIMPLE_REPLY_MAGIC) {
            int error = in.readInt();
            return new Reply(in.readLong(), Reply.SIMPLE, true, error, new byte[0]);
        }
        assertEquals(NBD_STRUCTURED_REPLY_MAGIC, magic);
        int flags = in.readUnsignedShort();
        int type = in.readUnsignedShort();
        long cookie = in.readLong();
        byte[] payload = bytes(in.readInt());
        boolean isError = (type & 1 << 15) != 0;
        int error = isError ? ByteBuffer.wrap(payload).getInt() : 0;
        return new Reply(cookie, type, (flags & NBD_REPLY_FLAG_DONE) != 0, error, payload);
    }

    public SimpleReply simpleReply() throws IOException {
        assertEquals(NBD_SIMPLE_REPLY_MAGIC, in.readInt());
        int error = in.readInt();
        return new SimpleReply(in.readLong(), error);
    }

    public void expect(long cookie, int error) throws IOException {
        assertEquals(new SimpleReply(cookie, error), simpleReply());
    }

    public void expectData(long cookie, byte[] data) throws IOException {
        expect(cookie, ExportSession.OK);
        assertArrayEquals(data, bytes(data.length));
    }

    long u64() throws IOException {
        return in.readLong();
    }

    int u16() throws IOException {
        return in.readUnsignedShort();
    }

    public byte[] bytes(int count) throws IOException {
        byte[] result = new byte[count];
        in.readFully(result);
        return result;
    }

    void skipToEnd() throws IOException {
        in.transferTo(OutputStream.nullOutputStream());
    }

    public void expectEnd() throws IOException {
        assertEquals(-1, in.read());
    }
}
