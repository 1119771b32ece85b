package dev.ramzswap.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A request to a family of generic netlink: a command and its attributes. In memory as it is sent
 * ({@code linux/netlink.h}, {@code linux/genetlink.h}; all in the machine's own byte order):
 *
 * <pre>
 *   0  4  bytes in all
 *   4  2  family
 *   6  2  flags
 *   8  4  sequence number, which comes back with the answers
 *  12  4  sender: 0, the kernel knows
 *  16  1  command
 *  17  1  version of the family's interface
 *  18  2  0
 *  20     attributes: 2 bytes of length (with this header), 2 of type, the value; each begins at a multiple of 4
 * </pre>
 *
 * An attribute may hold others. One message may be begun again and again, so that a command needs no memory of its own.
 * For one thread.
 */
public final class NetlinkMessage {
    static final int HEADER_BYTES = 20;
    static final int ATTRIBUTE_HEADER_BYTES = 4;
    static final int FAMILY_OFFSET = 4;
    static final int SEQUENCE_OFFSET = 8;

    private static final int CAPACITY = 4096;
    private static final short NLM_F_REQUEST = 1;
    private static final short NLM_F_ACK = 4;
    private static final int NLA_F_NESTED = 1 << 15;
    private static final byte VERSION = 1;
    private static final int MAX_DEPTH = 4;

    private final ByteBuffer bytes = ByteBuffer.allocateDirect(CAPACITY).order(ByteOrder.nativeOrder());
    private final int[] nests = new int[MAX_DEPTH];
    private int depth;

    NetlinkMessage() {}

    /**
     * Begins a message, and forgets what was in it.
     *
     * @param command a number of the family's
     */
    NetlinkMessage begun(int command) {
        depth = 0;
        bytes.clear().position(FAMILY_OFFSET + Short.BYTES);
        bytes.putShort((short) (NLM_F_REQUEST | NLM_F_ACK));
        bytes.position(HEADER_BYTES - 4);
        bytes.put((byte) command).put(VERSION).putShort((short) 0);
        return this;
    }

    /** Adds an attribute of 32 bits. */
    public NetlinkMessage putInt(int type, int value) {
        header(type, Integer.BYTES);
        bytes.putInt(value);
        return this;
    }

    /** Adds an attribute of 64 bits. */
    public NetlinkMessage putLong(int type, long value) {
        header(type, Long.BYTES);
        bytes.putLong(value);
        return this;
    }

    /** Adds an attribute of text, which a zero byte ends. */
    public NetlinkMessage putString(int type, String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        header(type, utf8.length + 1);
        bytes.put(utf8).put((byte) 0);
        while (bytes.position() % ATTRIBUTE_HEADER_BYTES != 0) {
            bytes.put((byte) 0);
        }
        return this;
    }

    /** Begins an attribute that consists of those that follow, up to {@link #end}. */
    public NetlinkMessage begin(int type) {
        nests[depth++] = bytes.position();
        header(type | NLA_F_NESTED, 0);
        return this;
    }

    public NetlinkMessage end() {
        int begin = nests[--depth];
        bytes.putShort(begin, (short) (bytes.position() - begin));
        return this;
    }

    private void header(int type, int valueBytes) {
        bytes.putShort((short) (ATTRIBUTE_HEADER_BYTES + valueBytes)).putShort((short) type);
    }

    /** All of it, to be sent. */
    ByteBuffer finish(short family, int sequence) {
        bytes.putInt(0, bytes.position());
        bytes.putShort(FAMILY_OFFSET, family);
        bytes.putInt(SEQUENCE_OFFSET, sequence);
        return bytes.duplicate().flip();
    }
}
