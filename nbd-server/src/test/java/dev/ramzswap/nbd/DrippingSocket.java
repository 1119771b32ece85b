package dev.ramzswap.nbd;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;

/** A TCP connection by which each byte is sent alone. */
final class DrippingSocket extends Socket {
    DrippingSocket(InetSocketAddress server) throws IOException {
        super(server.getAddress(), server.getPort());
        setTcpNoDelay(true);
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
        return new FilterOutputStream(super.getOutputStream()); // it writes an array byte by byte
    }
}
