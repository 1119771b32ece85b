package dev.ramzswap.linux;

import static dev.ramzswap.linux.NetlinkMessage.ATTRIBUTE_HEADER_BYTES;
import static dev.ramzswap.linux.NetlinkMessage.HEADER_BYTES;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ByteChannel;
import java.time.Duration;

/**
 * Commands to families of the kernel's generic netlink, all by one socket. The kernel carries a command out while it is
 * being sent; what then waits to be read are its answers, if the command has any, and an acknowledgement with the error
 * number, which has the command's sequence number like everything that belongs to it. A family's number is asked for
 * anew with each command, since it changes when its module is loaded again. For one thread.
 */
public final class GenericNetlink implements AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    // linux/netlink.h
    private static final short NLMSG_ERROR = 2;
    private static final int MESSAGE_HEADER_BYTES = 16;
    private static final int ALIGNMENT = 4;
    // linux/genetlink.h: the family that knows all others
    private static final short GENL_ID_CTRL = 0x10;
    private static final int CTRL_CMD_GETFAMILY = 3;
    private static final int CTRL_ATTR_FAMILY_ID = 1;
    private static final int CTRL_ATTR_FAMILY_NAME = 2;

    private static final int RECEIVE_BYTES = 16 << 10;

    private final ByteChannel channel;
    private final ByteBuffer in = ByteBuffer.allocateDirect(RECEIVE_BYTES).order(ByteOrder.nativeOrder());
    private final NetlinkMessage question = new NetlinkMessage();
    private final NetlinkMessage command = new NetlinkMessage();
    private int sequence;

    /** @param channel datagrams to the kernel and back; closed with this */
    public GenericNetlink(ByteChannel channel) {
        this.channel = channel;
    }

    /** As the constructor, with a socket of its own. */
    public static GenericNetlink open() throws IOException {
        return new GenericNetlink(NativeSocket.genericNetlink(TIMEOUT));
    }

    /**
     * Begins a command, which is valid until the next one is begun.
     *
     * @param number of the family's
     */
    public NetlinkMessage command(int number) {
        return command.begun(number);
    }

    /**
     * Has a command carried out.
     *
     * @param subject what an exception says it was about
     * @throws ErrnoException if the kernel refuses; {@link Errno#ENOENT} if it has no such family
     */
    public void call(String family, NetlinkMessage command, String subject) throws IOException {
        question.begun(CTRL_CMD_GETFAMILY).putString(CTRL_ATTR_FAMILY_NAME, family);
        short number = familyIn(call(question, GENL_ID_CTRL, "family " + family));
        ByteBuffer unused = call(command, number, subject);
    }

    /** The attributes of the last answer. */
    private ByteBuffer call(NetlinkMessage command, short to, String subject) throws IOException {
        channel.write(command.finish(to, ++sequence));
        ByteBuffer answer = ByteBuffer.allocate(0);
        while (true) {
            receive();
            for (int at = 0, length; at < in.limit(); at += aligned(length)) {
                length = messageLength(at);
                if (in.getInt(at + NetlinkMessage.SEQUENCE_OFFSET) != sequence) {
                    continue;
                }
                if (in.getShort(at + NetlinkMessage.FAMILY_OFFSET) == NLMSG_ERROR) {
                    requireSuccess(in.getInt(at + MESSAGE_HEADER_BYTES), subject);
                    return answer;
                }
                answer = copy(at + HEADER_BYTES, length - HEADER_BYTES);
            }
        }
    }

    /** A datagram, which holds one message or more. */
    private void receive() throws IOException {
        in.clear();
        if (channel.read(in) <= 0) {
            throw new EOFException("generic netlink: no acknowledgement");
        }
        in.flip();
    }

    private int messageLength(int at) throws IOException {
        int room = in.limit() - at;
        int length = room < HEADER_BYTES ? 0 : in.getInt(at);
        if (length < HEADER_BYTES || length > room) {
            throw new ProtocolException("generic netlink: a message of " + length + " bytes in " + room);
        }
        return length;
    }

    private static void requireSuccess(int error, String subject) throws ErrnoException {
        if (error != 0) {
            throw new ErrnoException("netlink", subject, -error);
        }
    }

    private ByteBuffer copy(int at, int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.nativeOrder()).put(0, in, at, length);
    }

    private static short familyIn(ByteBuffer attributes) throws IOException {
        for (int at = 0; at + ATTRIBUTE_HEADER_BYTES < attributes.limit(); ) {
            if (attributes.getShort(at + Short.BYTES) == CTRL_ATTR_FAMILY_ID) {
                return attributes.getShort(at + ATTRIBUTE_HEADER_BYTES);
            }
            at += Math.max(ATTRIBUTE_HEADER_BYTES, aligned(Short.toUnsignedInt(attributes.getShort(at))));
        }
        throw new ProtocolException("generic netlink: an answer that names no family");
    }

    private static int aligned(int bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
