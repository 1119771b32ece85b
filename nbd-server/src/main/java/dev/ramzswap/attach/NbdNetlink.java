package dev.ramzswap.attach;

import dev.ramzswap.linux.Errno;
import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.GenericNetlink;
import dev.ramzswap.linux.NativeSocket;
import dev.ramzswap.linux.NetlinkMessage;
import dev.ramzswap.nbd.client.ClientHandshake.Terms;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * {@link NbdDriver} by generic netlink, see {@code drivers/block/nbd.c} and {@code linux/nbd-netlink.h} of Linux 6.1.
 * Needs CAP_SYS_ADMIN in the initial user namespace, and the initial network namespace. One socket and one message
 * serve all offers: one that is repeated while memory is short needs none. For one thread.
 */
final class NbdNetlink implements NbdDriver {
    private static final String FAMILY = "nbd";
    private static final String CONTROLLER = "nlctrl";
    private static final int NBD_CMD_CONNECT = 1;
    private static final int NBD_CMD_DISCONNECT = 2;
    private static final int NBD_CMD_RECONFIGURE = 3;
    private static final int NBD_ATTR_INDEX = 1;
    private static final int NBD_ATTR_SIZE_BYTES = 2;
    private static final int NBD_ATTR_BLOCK_SIZE_BYTES = 3;
    private static final int NBD_ATTR_TIMEOUT = 4;
    private static final int NBD_ATTR_SERVER_FLAGS = 5;
    private static final int NBD_ATTR_CLIENT_FLAGS = 6;
    private static final int NBD_ATTR_SOCKETS = 7;
    private static final int NBD_ATTR_DEAD_CONN_TIMEOUT = 8;
    private static final int NBD_ATTR_BACKEND_IDENTIFIER = 10;
    private static final int NBD_SOCK_ITEM = 1;
    private static final int NBD_SOCK_FD = 1;

    private static final long BLOCK_BYTES = 4096;

    /** Opens the way to the driver; a seam for tests. */
    interface Opener {
        GenericNetlink open() throws IOException;
    }

    private final Opener opener;

    /** As long as docs/decisions/netlink-owner.md says, else null. */
    private GenericNetlink netlink;

    NbdNetlink(Opener opener) {
        this.opener = opener;
    }

    @Override
    public void connect(int device, Terms terms, Timeouts timeouts, Backend backend, List<NativeSocket> connections)
            throws IOException {
        NetlinkMessage message = command(NBD_CMD_CONNECT, device)
                .putLong(NBD_ATTR_SIZE_BYTES, terms.size())
                .putLong(NBD_ATTR_BLOCK_SIZE_BYTES, BLOCK_BYTES)
                .putLong(NBD_ATTR_TIMEOUT, timeouts.request().toSeconds())
                .putLong(NBD_ATTR_SERVER_FLAGS, terms.flags())
                // Neither destroyed when it is detached nor detached when it is closed, whatever it was before.
                .putLong(NBD_ATTR_CLIENT_FLAGS, 0)
                .putLong(NBD_ATTR_DEAD_CONN_TIMEOUT, timeouts.reconnect().toSeconds())
                .putString(NBD_ATTR_BACKEND_IDENTIFIER, backend.toString());
        for (NativeSocket connection : connections) {
            connection.setTimeout(Duration.ZERO);
        }
        try {
            call(FAMILY, putSockets(message, connections), "NBD_CMD_CONNECT", device);
        } finally {
            close();
        }
    }

    private void close() throws IOException {
        netlink.close();
        netlink = null;
    }

    /**
     * The kernel says that all is well even if it has no use for the connection. When it takes one over, it gives it
     * the timeout of requests.
     */
    @Override
    public boolean reconnect(int device, Backend backend, NativeSocket connection) throws IOException {
        offer(FAMILY, NBD_CMD_RECONFIGURE, device, backend, connection);
        return !connection.writeTimeout().isZero();
    }

    /** To a family that every kernel has, and that has no such command. */
    @Override
    public void rehearse(Backend backend, NativeSocket socket) throws IOException {
        try {
            offer(CONTROLLER, NBD_CMD_DISCONNECT, 0, backend, socket);
        } catch (ErrnoException e) {
            if (e.errno() != Errno.EOPNOTSUPP) {
                throw e;
            }
        }
    }

    private void offer(String family, int command, int device, Backend backend, NativeSocket connection)
            throws IOException {
        NetlinkMessage message = command(command, device).putString(NBD_ATTR_BACKEND_IDENTIFIER, backend.toString());
        connection.setTimeout(Duration.ZERO);
        call(family, putSockets(message, List.of(connection)), "NBD_CMD_RECONFIGURE", device);
    }

    @Override
    public void disconnect(int device) throws IOException {
        call(FAMILY, command(NBD_CMD_DISCONNECT, device), "NBD_CMD_DISCONNECT", device);
    }

    private NetlinkMessage command(int number, int device) throws IOException {
        if (netlink == null) {
            netlink = opener.open();
        }
        return netlink.command(number).putInt(NBD_ATTR_INDEX, device);
    }

    private static NetlinkMessage putSockets(NetlinkMessage message, List<NativeSocket> connections) {
        message.begin(NBD_ATTR_SOCKETS);
        for (NativeSocket connection : connections) {
            message.begin(NBD_SOCK_ITEM).putInt(NBD_SOCK_FD, connection.fd()).end();
        }
        return message.end();
    }

    private void call(String family, NetlinkMessage message, String command, int device) throws IOException {
        try {
            netlink.call(family, message, command + " of /dev/nbd" + device);
        } catch (ErrnoException e) {
            throw e.errno() == Errno.ENOENT ? outOfReach(e) : e;
        }
    }

    /** nbd has its family in the first network namespace alone (drivers/block/nbd.c: no {@code netnsok}). */
    private static IOException outOfReach(ErrnoException e) {
        return new IOException(
                "the kernel's nbd does not answer by netlink: run this in the machine's own network namespace, not in a"
                        + " container's",
                e);
    }
}
