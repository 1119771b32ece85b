package dev.ramzswap.nbd.wire;

import static dev.ramzswap.nbd.wire.Protocol.*;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Writes what the server says during the handshake; it leaves when {@link #flush} is called or the buffer is full. */
public final class OptionReplies {
    private static final int HEADER = 20;

    private final Outlet outlet;
    private final ByteBuffer out;
    private int option;

    public OptionReplies(Outlet outlet, ByteBuffer out) {
        this.outlet = outlet;
        this.out = out;
    }

    public void greeting(int handshakeFlags) {
        out.putLong(NBDMAGIC).putLong(IHAVEOPT).putShort((short) handshakeFlags);
    }

    /** The option that the replies to come are for. */
    public void begin(int option) {
        this.option = option;
    }

    /** The answer to EXPORT_NAME, which alone has no header. */
    public void exportName(long size, int transmissionFlags, boolean noZeroes) {
        out.putLong(size).putShort((short) transmissionFlags);
        if (!noZeroes) {
            out.put(new byte[EXPORT_NAME_ZEROES]);
        }
    }

    public void ack() throws IOException {
        header(NBD_REP_ACK, 0);
    }

    public void error(int type, String message) throws IOException {
        byte[] text = message.getBytes(StandardCharsets.UTF_8);
        header(type, text.length);
        out.put(text);
    }

    public void server(String name, String description) throws IOException {
        byte[] nameText = name.getBytes(StandardCharsets.UTF_8);
        byte[] descriptionText = description.getBytes(StandardCharsets.UTF_8);
        header(NBD_REP_SERVER, Integer.BYTES + nameText.length + descriptionText.length);
        out.putInt(nameText.length).put(nameText).put(descriptionText);
    }

    public void infoExport(long size, int transmissionFlags) throws IOException {
        header(NBD_REP_INFO, Short.BYTES + Long.BYTES + Short.BYTES);
        out.putShort((short) NBD_INFO_EXPORT).putLong(size).putShort((short) transmissionFlags);
    }

    public void infoText(int type, String value) throws IOException {
        byte[] text = value.getBytes(StandardCharsets.UTF_8);
        header(NBD_REP_INFO, Short.BYTES + text.length);
        out.putShort((short) type).put(text);
    }

    public void infoBlockSize() throws IOException {
        header(NBD_REP_INFO, Short.BYTES + 3 * Integer.BYTES);
        out.putShort((short) NBD_INFO_BLOCK_SIZE);
        out.putInt(MINIMUM_BLOCK).putInt(PREFERRED_BLOCK).putInt(MAXIMUM_PAYLOAD);
    }

    public void metaContext(int id, String name) throws IOException {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        header(NBD_REP_META_CONTEXT, Integer.BYTES + text.length);
        out.putInt(id).put(text);
    }

    public void flush() throws IOException {
        outlet.write(out.flip());
        out.clear();
    }

    private void header(int type, int length) throws IOException {
        if (out.remaining() < HEADER + length) {
            flush();
        }
        out.putLong(NBD_REP_MAGIC).putInt(option).putInt(type).putInt(length);
    }
}
