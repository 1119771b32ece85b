package dev.ramzswap.nbd;

import dev.ramzswap.linux.PeerCredentials;
import dev.ramzswap.linux.SocketHandle;
import dev.ramzswap.nbd.io.IoShare;
import dev.ramzswap.nbd.tls.Tls;
import dev.ramzswap.nbd.tls.TlsChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;

/**
 * The way to one client: its socket, and from STARTTLS on TLS over it. {@link #close} is safe from any thread, and
 * {@link #free} for when no other thread is there; all else is as with {@link TlsChannel}.
 */
final class ClientChannel implements ByteChannel {
    private final ByteChannel socket;
    private final Tls offered;
    private final PeerCredentials peer;
    private TlsChannel tls;

    /**
     * @param offered null if there is none
     * @param peer null if it is not known
     */
    ClientChannel(ByteChannel socket, Tls offered, PeerCredentials peer) {
        this.socket = socket;
        this.offered = offered;
        this.peer = peer;
    }

    /** @throws IOException if the client is gone already */
    static ClientChannel of(SocketChannel socket, Tls offered) throws IOException {
        return new ClientChannel(socket, offered, peer(socket));
    }

    /** The process that has connected by a socket; null for TCP, where that is not known. */
    static PeerCredentials peer(SocketChannel socket) throws IOException {
        if (socket.getLocalAddress() instanceof InetSocketAddress) {
            return null;
        }
        try (SocketHandle handle = SocketHandle.of(socket)) {
            return handle.peer();
        }
    }

    /** The process that connected; null for TCP, where that is not known. */
    PeerCredentials peer() {
        return peer;
    }

    /** Whether this process itself has connected. */
    boolean isOwn() {
        return isOwn(peer);
    }

    static boolean isOwn(PeerCredentials peer) {
        return peer != null && peer.process().pid() == ProcessHandle.current().pid();
    }

    boolean offersTls() {
        return offered != null;
    }

    boolean isSecure() {
        return tls != null;
    }

    boolean requiresTls() {
        return offered != null && offered.required() && tls == null;
    }

    /** From now on, all is inside TLS. */
    void startTls(IoShare memory) throws IOException {
        tls = offered.accept(socket, memory);
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        return tls == null ? socket.read(into) : tls.read(into);
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
        return tls == null ? socket.write(from) : tls.write(from);
    }

    /** Ends TLS, if there is any, before the socket is closed. */
    void endTls() throws IOException {
        if (tls != null) {
            tls.endOutput();
        }
    }

    @Override
    public boolean isOpen() {
        return socket.isOpen();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    void free() {
        if (tls != null) {
            tls.free();
        }
    }
}
