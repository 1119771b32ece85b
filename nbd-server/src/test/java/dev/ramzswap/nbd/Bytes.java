package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.*;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** What a client sends, byte by byte. */
public final class Bytes {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final DataOutputStream out = new DataOutputStream(bytes);

    public static byte[] random(long seed, int count) {
        byte[] result = new byte[count];
        new Random(seed).nextBytes(result);
        return result;
    }

    public Bytes u16(int value) {
        return raw((byte) (value >> 8), (byte) value);
    }

    public Bytes u32(long value) {
        return u16((int) (value >> 16)).u16((int) value);
    }

    public Bytes u64(long value) {
        return u32(value >> 32).u32(value);
    }

    public Bytes raw(byte... value) {
        try {
            out.write(value);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Bytes text(String value) {
        return raw(value.getBytes(StandardCharsets.UTF_8));
    }

    /** A string behind its length. */
    Bytes string(String value) {
        return u32(value.getBytes(StandardCharsets.UTF_8).length).text(value);
    }

    Bytes option(int option, byte... data) {
        return u64(IHAVEOPT).u32(option).u32(data.length).raw(data);
    }

    public Bytes request(int type, int flags, long cookie, long offset, long length, byte... payload) {
        return u32(NBD_REQUEST_MAGIC)
                .u16(flags)
                .u16(type)
                .u64(cookie)
                .u64(offset)
                .u32(length)
                .raw(payload);
    }

    public Bytes read(long cookie, long offset, long length) {
        return request(NBD_CMD_READ, 0, cookie, offset, length);
    }

    public Bytes write(long cookie, long offset, byte... payload) {
        return request(NBD_CMD_WRITE, 0, cookie, offset, payload.length, payload);
    }

    public Bytes disconnect() {
        return request(NBD_CMD_DISC, 0, 0, 0, 0);
    }

    static byte[] go(String name, int... infos) {
        Bytes data = new Bytes().string(name).u16(infos.length);
        for (int info : infos) {
            data.u16(info);
        }
        return data.array();
    }

    static byte[] queries(String name, String... queries) {
        Bytes data = new Bytes().string(name).u32(queries.length);
        for (String query : queries) {
            data.string(query);
        }
        return data.array();
    }

    public byte[] array() {
        return bytes.toByteArray();
    }
}
