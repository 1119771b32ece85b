package dev.ramzswap.attach;

import dev.ramzswap.linux.NativeSocket;
import dev.ramzswap.nbd.client.ClientHandshake.Terms;
import java.io.IOException;
import java.util.List;

/**
 * The kernel's NBD client as it is commanded by numbers of devices. It takes connections that are past their handshake,
 * and keeps them whether the sockets are closed here or not.
 */
interface NbdDriver {
    /**
     * Attaches a free device.
     *
     * @param terms of the server, the same by all connections
     */
    void connect(int device, Terms terms, Timeouts timeouts, Backend backend, List<NativeSocket> connections)
            throws IOException;

    /**
     * Offers a connection in place of one that is dead.
     *
     * @return false if none is dead, as far as the kernel knows: the connection is then not used
     */
    boolean reconnect(int device, Backend backend, NativeSocket connection) throws IOException;

    /**
     * Goes the way of {@link #reconnect} without an effect, so that it needs no more memory when there is none.
     *
     * @param socket connected or not
     */
    void rehearse(Backend backend, NativeSocket socket) throws IOException;

    /** Tells the server, and frees the device, which nobody may use any more. */
    void disconnect(int device) throws IOException;
}
